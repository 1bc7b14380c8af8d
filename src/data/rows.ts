/** Rows of token ids as everything behind the data reads them, wherever they lie. */
import type { RowAt } from './source/row.js';

/** The label of a token that is read but not learned, as in PyTorch's cross entropy. */
export const ignoredLabel = -100;

export interface EncodedRows {
  readonly length: number;
  tokens(row: number): Int32Array;
  /** The token itself where it is learned, else -100. Not shifted: `labels[t]` is predicted from `tokens[0 … t-1]`. */
  labels(row: number): Int32Array;
  /** How much each token counts in the loss where it is a label; null: all the same. */
  weights(row: number): Float32Array | null;
  /** What the mean loss of the row is multiplied by, where rows count as one each; null: every label counts for itself. */
  factor(row: number): number | null;
  /** The row will be read soon: where it lies on a disk it is fetched from now on, and nobody waits for it. */
  ahead(row: number): void;
  tokenCount(row: number): number;
  /** Labels that count in the loss: all but -100 and a row's first token, which nothing predicts. */
  labelCount(row: number): number;
  /** Tokens of the row before it was cut to `max_length`. */
  fullLength(row: number): number;
  /** Where its text stood. */
  place(row: number): RowPlace;
  /** Which set of a mixture it is from; null where there is only one. */
  setName(row: number): string | null;
  /** Of all rows. */
  readonly totalTokens: number;
  readonly totalLabels: number;
}

/** Where a row's text stands; of a row that several documents share, the first and the last of that file. */
export interface RowPlace extends RowAt {
  readonly last_line: number;
}
