/** A row taken apart: what a model is asked, and the answer it should give. */
import { type EncodedRows, ignoredLabel } from './rows.js';

export interface Question {
  /** Tokens before the answer, as the model reads them. */
  readonly prompt: Int32Array;
  /** The last tokens in a row that are learned: of a chat its last answer, of a pair its target. */
  readonly answer: Int32Array;
}

/** Null where nothing stands before what is learned: there is no question then. */
export function questionOf(rows: EncodedRows, row: number): Question | null {
  const labels = rows.labels(row);
  const end = labels.findLastIndex((label) => label !== ignoredLabel) + 1;
  const start = labels.subarray(0, end).findLastIndex((label) => label === ignoredLabel) + 1;
  const tokens = rows.tokens(row);
  return start === 0 || end === 0 ? null : { prompt: tokens.subarray(0, start), answer: tokens.subarray(start, end) };
}
