/** Where a command writes: results to stdout, everything about them to stderr. */
import { styleText } from 'node:util';
import { clean } from '../ui/format/text.js';
import { themeFor, type Glyphs, type Ink, type Theme, type Tone } from '../ui/theme.js';

/** What a command ends with; nothing means `done`. */
export const exit = { done: 0, failed: 1, user: 2, bug: 70, interrupted: 130 } as const;
export type ExitCode = (typeof exit)[keyof typeof exit];

/** How text looks: colours by meaning, and the characters the terminal can show. */
export interface Style {
  readonly glyphs: Glyphs;
  paint(text: string, tone: Tone): string;
}

export interface Terminal {
  readonly env: NodeJS.ProcessEnv;
  /** Stdout is a terminal that a line may be redrawn on. */
  readonly interactive: boolean;
  /** Columns to fill; 100 where nobody looks. */
  readonly width: number;
  /** Lines that are seen at once; no limit where nobody looks. */
  readonly height: number;
  /** Columns that a table may take before it leaves some out: no limit where it goes to a file or a pipe and COLUMNS says none. */
  readonly tableWidth: number;
  readonly style: Style;
  write(text: string): void;
  /** A line on stdout. */
  print(line?: string): void;
  /** A line on stderr, or several; what of it would be a command to the terminal is left out. */
  note(line: string): void;
  /** One JSON value and nothing else: a line for machines, indented where a person looks. */
  json(value: unknown): void;
}

/**
 * The terminal of this process. A reader that goes away (`| head`) ends the output, not the command: what it
 * started goes on and its exit code holds.
 */
export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  // Undefined, not false, where stdout is a pipe or a file.
  const isTerminal = Boolean(stdout.isTTY);
  for (const stream of [stdout, stderr]) stream.off('error', onBrokenStream).on('error', onBrokenStream);
  const write = (text: string) => void stdout.write(text);
  return {
    env,
    interactive: isTerminal && env['TERM'] !== 'dumb',
    get width() {
      return isTerminal ? stdout.columns : 100;
    },
    get height() {
      return isTerminal ? stdout.rows : Infinity;
    },
    get tableWidth() {
      return isTerminal ? stdout.columns : Number(env['COLUMNS']) || Infinity;
    },
    // False under NO_COLOR, NODE_DISABLE_COLORS and TERM=dumb.
    style: styleOf(themeFor(env, { ascii: false }), isTerminal && stdout.hasColors()),
    write,
    print: (line = '') => write(`${line}\n`),
    note: (line) => void stderr.write(`${clean(line, '\n')}\n`),
    json: (value) => write(`${JSON.stringify(value, null, isTerminal ? 2 : 0)}\n`),
  };
}

function onBrokenStream(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/** Rings the bell of the terminal that the remarks go to; nothing where it is none. */
export function ring(): void {
  if (process.stderr.isTTY) process.stderr.write('\u0007');
}

export function styleOf(theme: Theme, coloured: boolean): Style {
  return { glyphs: theme.glyphs, paint: (text, tone) => (coloured ? inked(text, theme.tones[tone]) : text) };
}

function inked(text: string, { color, dim, bold }: Ink): string {
  const formats = [color, dim && 'dim', bold && 'bold'].filter((format) => typeof format === 'string');
  return formats.length === 0 ? text : styleText(formats as Parameters<typeof styleText>[0], text);
}
