/** Every colour and every non-ASCII character of the screen, by meaning. */

/** What a text means; `undefined` in a palette is the terminal's own colour. */
export type Tone = 'plain' | 'muted' | 'accent' | 'good' | 'warn' | 'bad' | 'train' | 'eval' | MemoryTone;
export type MemoryTone = 'weights' | 'trainable' | 'gradients' | 'optimizer' | 'activations' | 'runtime';

export interface Ink {
  readonly color?: string;
  readonly dim?: true;
  readonly bold?: true;
}

export interface Glyphs {
  readonly horizontal: string;
  readonly vertical: string;
  readonly topLeft: string;
  readonly topRight: string;
  readonly bottomLeft: string;
  readonly bottomRight: string;
  readonly axis: string;
  readonly ellipsis: string;
  readonly cursor: string;
  readonly chosen: string;
  /** In the title of the pane that has the keys. */
  readonly focus: string;
  readonly full: string;
  readonly empty: string;
  readonly mark: string;
  readonly dot: string;
  readonly dash: string;
  readonly up: string;
  readonly down: string;
  readonly left: string;
  readonly right: string;
  readonly newline: string;
  /** Around what is learned in a text. */
  readonly learnedFrom: string;
  readonly learnedTo: string;
  /** asciichart's ten line pieces, in its order. */
  readonly chart: readonly string[];
  /** Tell curves apart without colour, the first one first. */
  readonly markers: readonly string[];
  /** Levels of a curve one line high, the lowest first. */
  readonly spark: readonly string[];
  /** Whether the terminal can show braille. */
  readonly braille: boolean;
  /** A cell of the stacked memory bar by part; told apart by letter where colour cannot. */
  readonly memory: Readonly<Record<MemoryTone, string>>;
}

export interface Theme {
  readonly tones: Readonly<Record<Tone, Ink>>;
  readonly glyphs: Glyphs;
}

/** `auto`: what the terminal says of its background (COLORFGBG), else dark. */
export const themeNames = ['auto', 'dark', 'light', 'none'] as const;
export type ThemeName = (typeof themeNames)[number];

/** Where the theme that was chosen last is kept. */
export const themePreference = 'theme';

/** Null where there is none of that name. */
export function themeNamed(name: unknown): ThemeName | null {
  return themeNames.find((each) => each === name) ?? null;
}

export interface ThemeOptions {
  readonly color: boolean;
  /** Dark where nothing is known. */
  readonly background?: 'dark' | 'light';
  readonly unicode: boolean;
}

/**
 * Sixteen colours only. What must be told apart differs in blue against yellow or red, and in brightness, never in red against
 * green alone; states have their word beside them, and curves their marker.
 */
const onDark: Record<Tone, Ink> = {
  plain: {},
  muted: { dim: true },
  accent: { color: 'cyan' },
  good: { color: 'blueBright' },
  warn: { color: 'yellow' },
  bad: { color: 'redBright', bold: true },
  train: { color: 'cyan' },
  eval: { color: 'yellow' },
  weights: { color: 'blueBright' },
  trainable: { color: 'cyan' },
  gradients: { color: 'white' },
  optimizer: { color: 'yellow' },
  activations: { color: 'magenta' },
  runtime: { dim: true },
};

/** On white yellow, cyan and green cannot be read; of the bar of memory they fill whole cells. */
const onLight: Record<Tone, Ink> = {
  plain: {},
  muted: { dim: true },
  accent: { color: 'blue' },
  good: { color: 'blue', bold: true },
  warn: { color: 'magenta' },
  bad: { color: 'red', bold: true },
  train: { color: 'blue' },
  eval: { color: 'red' },
  weights: { color: 'blue' },
  trainable: { color: 'cyan' },
  gradients: { color: 'blackBright' },
  optimizer: { color: 'red' },
  activations: { color: 'magenta' },
  runtime: { dim: true },
};

const plain: Record<Tone, Ink> = {
  plain: {},
  muted: { dim: true },
  accent: { bold: true },
  good: {},
  warn: { bold: true },
  bad: { bold: true },
  train: {},
  eval: { bold: true },
  weights: {},
  trainable: {},
  gradients: {},
  optimizer: {},
  activations: {},
  runtime: { dim: true },
};

const letters = { weights: 'w', trainable: 't', gradients: 'g', optimizer: 'o', activations: 'a', runtime: 'r' } as const;
const block = '█';
const blocks = { weights: block, trainable: block, gradients: block, optimizer: block, activations: block, runtime: block } as const;

const unicode: Omit<Glyphs, 'memory'> = {
  horizontal: '─', vertical: '│', topLeft: '┌', topRight: '┐', bottomLeft: '└', bottomRight: '┘', axis: '┤',
  ellipsis: '…', cursor: '▌', chosen: '●', focus: '▸', full: '█', empty: '░', mark: '•', dot: '·', dash: '–', up: '↑', down: '↓', left: '←', right: '→', newline: '↵', learnedFrom: '«', learnedTo: '»',
  chart: ['┼', '┤', '╶', '╴', '─', '╰', '╭', '╮', '╯', '│'],
  markers: ['●', '■', '▲', '◆', '○', '□', '△', '◇'],
  spark: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  braille: true,
};

const ascii: Omit<Glyphs, 'memory'> = {
  horizontal: '-', vertical: '|', topLeft: '+', topRight: '+', bottomLeft: '+', bottomRight: '+', axis: '|',
  ellipsis: '~', cursor: '_', chosen: '*', focus: '>', full: '#', empty: '.', mark: 'o', dot: '-', dash: '-', up: '^', down: 'v', left: '<', right: '>', newline: ' ', learnedFrom: '[', learnedTo: ']',
  chart: ['+', '|', '-', '-', '-', '`', '.', '.', "'", '|'],
  markers: ['o', 'x', '#', '@', '*', '%', '&', '$'],
  spark: ['_', '.', '-', '=', '*', '#'],
  braille: false,
};

export function makeTheme({ color, background = 'dark', unicode: wide }: ThemeOptions): Theme {
  const tones = color ? { dark: onDark, light: onLight }[background] : plain;
  return { tones, glyphs: { ...(wide ? unicode : ascii), memory: color && wide ? blocks : letters } };
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `NO_COLOR` and a locale that cannot write UTF-8 are honoured; `ascii`, or WORKBENCH_ASCII, decides alone. `WORKBENCH_THEME` names a theme where none is given. */
export function themeFor(env: Environment, { ascii: plainly, theme }: { readonly ascii: boolean; readonly theme?: ThemeName }): Theme {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  const name = theme ?? themeNames.find((each) => each === env.WORKBENCH_THEME) ?? 'auto';
  return makeTheme({
    color: !env.NO_COLOR && name !== 'none',
    background: name === 'light' || (name === 'auto' && hasLightBackground(env)) ? 'light' : 'dark',
    unicode: !plainly && !env.WORKBENCH_ASCII && (locale === '' || /utf-?8/i.test(locale)) && env.TERM !== 'linux',
  });
}

/** rxvt, Konsole and others set `COLORFGBG` to the numbers of their colours, the background last: 7 and 15 are white. */
function hasLightBackground({ COLORFGBG }: Environment): boolean {
  return /;(7|15)$/.test(COLORFGBG ?? '');
}
