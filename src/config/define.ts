/** What an experiment written as a module may say: all that a file may, and functions over the rows. */
import type { z } from 'zod';
import type { experimentSchema } from './schema.js';

/** A row of the data as its file has it. */
export type Row = Readonly<Record<string, unknown>>;

export interface Message {
  readonly role: string;
  readonly content: string;
  /** 0: an answer that is read and not learned. */
  readonly weight?: number;
}

/** What a row reads as: a text to learn; a prompt whose completion is learned; messages whose answers are. */
export type Prompt = string | { readonly prompt: string; readonly completion: string; readonly system?: string } | readonly Message[];

/** A row after the tokenizer, whole, before it is cut. */
export interface TokenizedRow {
  /** How each token reads, its leading space included. */
  readonly tokens: readonly string[];
  readonly ids: Int32Array;
  readonly text: string;
  readonly row: Row;
}

/** One that throws rejects the row, with its message. All of them run where rows are tokenised, once, and must not depend on anything but the row. */
export interface ExperimentFunctions {
  /** False leaves the row out; asked before everything else. */
  filter?(row: Row): boolean;
  /** Goes before `dataset.format`. */
  prompt?(row: Row): Prompt;
  /** How much the row counts in the loss, at least 0; 0 leaves it out. */
  weight?(row: Row): number;
  /** How much each token counts in the loss where it is learned, at least 0; 0: it is read and not learned. */
  tokenWeights?(row: TokenizedRow): ArrayLike<number>;
}

/** The names of the functions, for telling them from the keys of a file. */
export const functionNames = ['filter', 'prompt', 'weight', 'tokenWeights'] as const satisfies readonly (keyof ExperimentFunctions)[];

/** The keys of an experiment file, and functions. */
export type ExperimentModule = z.input<typeof experimentSchema> & ExperimentFunctions;

/** Gives an experiment back as it is: for its types. The default export of a module that `workbench train` takes. */
export function defineExperiment(experiment: ExperimentModule): ExperimentModule {
  return experiment;
}
