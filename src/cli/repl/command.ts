/** One row of the command table: what is typed, what may follow, what it does. */
import type { Workplace } from '../../ui/command-line/commands.js';
import type { Services } from '../../ui/services.js';
import type { Terminal } from '../terminal.js';

/** What a word of a command names, so that it can be completed. */
export type ArgumentKind = 'run' | 'search' | 'model' | 'path' | 'knob' | 'value' | 'assignment' | 'change' | 'tag' | 'screen' | 'theme' | 'topic' | 'filter' | 'text' | { readonly oneOf: readonly string[] };

export interface Argument {
  /** As it is shown: `<run>`, `[file]`, `<run...>`. */
  readonly shown: string;
  readonly kinds: readonly ArgumentKind[];
  /** Takes every word that is left. */
  readonly rest: boolean;
}

export interface CommandOption {
  /** `--sort` */
  readonly flag: string;
  readonly note: string;
  /** Null where no value follows. */
  readonly value: readonly ArgumentKind[] | null;
}

/** What a command has to work with. */
export interface Context {
  readonly services: Services;
  readonly place: Workplace;
  readonly terminal: Terminal;
  readonly commands: readonly ReplCommand[];
  /** Runs a command of the program in a process of its own and gives its exit code; null where it may be waited for. */
  readonly aside: ((words: readonly string[]) => Promise<number>) | null;
}

export interface ReplCommand {
  /** One word, or two: `queue add`. */
  readonly name: string;
  readonly summary: string;
  readonly arguments: readonly Argument[];
  readonly options: readonly CommandOption[];
  /** More than the summary; lines. */
  readonly help: string;
  /** What follows the name is one text, quotes and all. */
  readonly verbatim?: boolean;
  /** There is none without a screen. */
  readonly needsScreen?: boolean;
  run(words: readonly string[], context: Context): Promise<void>;
}

export function usageOf({ arguments: given, options }: Pick<ReplCommand, 'arguments' | 'options'>): string {
  return [...given.map(({ shown }) => shown), ...(options.length > 0 ? ['[options]'] : [])].join(' ');
}
