/** What duplicates are known by: a few words for each row, all of one size, written down with the tokens so that a search can go on. */

/** `marks` is [rows × size]: rows that were taken, in their order. */
export interface DuplicateFinder {
  /** True when a text, or one much like it, was asked about before; else it is remembered. */
  seen(text: string): boolean;
  /** Of the rows remembered since the last call. */
  takeMarks(): Uint32Array;
  /** Remembers rows by what `takeMarks` gave of them. */
  remember(marks: Uint32Array): void;
}
