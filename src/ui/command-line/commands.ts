/** What the screen asks of the commands of the program; they are the command line's own and wired in from there. */
import type { Draft } from '../screens/new-run/draft.js';

/** What a command works on besides the store. */
export interface Workplace {
  /** The experiment being written. */
  draft(): Draft;
  setDraft(draft: Draft): void;
  /** Ids of the marked runs. */
  marked(): readonly string[];
  mark(ids: readonly string[]): void;
  /** The id of the run looked at. */
  current(): string | null;
  /** Whether the person agrees. A screen that has to ask first says no, and runs the line again when they do. */
  confirm(question: string): Promise<boolean>;
  /** Leaves the program. */
  quit(): void;
  /** What only a screen can do; null where there is none. */
  readonly screen: ScreenPlace | null;
}

export interface ScreenPlace {
  /** Names of the screens. */
  readonly names: readonly string[];
  show(name: string): void;
  /** Shows a live run, or one that has ended. */
  watch(runId: string): void;
  open(runId: string): void;
  /** Shows runs side by side. */
  compare(runIds: readonly string[]): void;
  readonly themes: readonly string[];
  /** Whether the bell sounds when a run ends; kept. */
  bell(on: boolean): void;
  /** From now on, and the next time. */
  theme(name: string): void;
}

/** Where a command writes. Text may hold tones: see `toned.ts`. */
export interface CommandOutput {
  readonly width: number;
  /** Aborted when nobody waits for the command any more. */
  readonly signal: AbortSignal;
  write(text: string): void;
}

export interface CommandEntry {
  /** `queue add` */
  readonly name: string;
  /** `<experiment...>` */
  readonly usage: string;
  readonly summary: string;
}

export interface Completion {
  /** Where the word begins that the words complete. */
  readonly from: number;
  readonly words: readonly CompletedWord[];
  /** One line on what is being typed. */
  readonly hint: string;
}

export interface CompletedWord {
  readonly text: string;
  readonly note: string;
}

export interface Commands {
  readonly entries: readonly CommandEntry[];
  /** `caret`: characters before the cursor. Never rejects. */
  complete(line: string, caret: number, place: Workplace): Promise<Completion>;
  /** True when the command did what was asked; else it has said why not. Never rejects. */
  run(line: string, place: Workplace, output: CommandOutput): Promise<boolean>;
  /** Lines of earlier sessions and of this one, the newest last. */
  history(): readonly string[];
  remember(line: string): void;
}
