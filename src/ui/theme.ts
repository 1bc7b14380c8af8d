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

export interface ThemeOptions {
  readonly color: boolean;
  readonly unicode: boolean;
}

/** Sixteen colours only, none that a light or a dark background hides; blue against yellow tells train from eval to every eye. */
const coloured: Record<Tone, Ink> = {
  plain: {},
  muted: { dim: true },
  accent: { color: 'cyan' },
  good: { color: 'green' },
  warn: { color: 'yellow' },
  bad: { color: 'red', bold: true },
  train: { color: 'cyan' },
  eval: { color: 'yellow' },
  weights: { color: 'blue' },
  trainable: { color: 'cyan' },
  gradients: { color: 'green' },
  optimizer: { color: 'yellow' },
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
  ellipsis: '…', cursor: '▌', chosen: '●', focus: '▸', full: '█', empty: '░', mark: '•', dot: '·', dash: '–', up: '↑', down: '↓', left: '←', right: '→', newline: '↵',
  chart: ['┼', '┤', '╶', '╴', '─', '╰', '╭', '╮', '╯', '│'],
  markers: ['●', '■', '▲', '◆', '○', '□', '△', '◇'],
  spark: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  braille: true,
};

const ascii: Omit<Glyphs, 'memory'> = {
  horizontal: '-', vertical: '|', topLeft: '+', topRight: '+', bottomLeft: '+', bottomRight: '+', axis: '|',
  ellipsis: '~', cursor: '_', chosen: '*', focus: '>', full: '#', empty: '.', mark: 'o', dot: '-', dash: '-', up: '^', down: 'v', left: '<', right: '>', newline: ' ',
  chart: ['+', '|', '-', '-', '-', '`', '.', '.', "'", '|'],
  markers: ['o', 'x', '#', '@', '*', '%', '&', '$'],
  spark: ['_', '.', '-', '=', '*', '#'],
  braille: false,
};

export function makeTheme({ color, unicode: wide }: ThemeOptions): Theme {
  return { tones: color ? coloured : plain, glyphs: { ...(wide ? unicode : ascii), memory: color && wide ? blocks : letters } };
}

/** `NO_COLOR` and a locale that cannot write UTF-8 are honoured; `--ascii` decides alone. */
export function themeFor(env: Readonly<Record<string, string | undefined>>, options: { readonly ascii: boolean }): Theme {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return makeTheme({ color: !env.NO_COLOR, unicode: !options.ascii && (locale === '' || /utf-?8/i.test(locale)) && env.TERM !== 'linux' });
}
