/** Rows as the model sees them. */
import { type EncodedRows, ignoredLabel, type RowPlace } from './rows.js';
import type { Tokenizer } from './tokenizer/index.js';

export interface PreviewToken {
  readonly text: string;
  readonly id: number;
  /** It counts in the loss. */
  readonly trained: boolean;
}

export interface PreviewRow extends RowPlace {
  /** Its number among the rows for training, from 1. */
  readonly row: number;
  readonly text: string;
  readonly tokens: readonly PreviewToken[];
  /** Tokens before the row was cut. */
  readonly fullLength: number;
}

/** Rows for training, counted from 0. */
export function previewRows({ train }: { readonly train: EncodedRows }, tokenizer: Tokenizer, rows: readonly number[]): PreviewRow[] {
  return rows.map((row) => {
    const ids = train.tokens(row);
    const labels = train.labels(row);
    return {
      row: row + 1,
      ...train.place(row),
      text: tokenizer.decode(ids, { special: true }),
      tokens: Array.from(ids, (id, t) => ({ text: tokenizer.token(id), id, trained: t > 0 && labels[t] !== ignoredLabel })),
      fullLength: train.fullLength(row),
    };
  });
}

export interface LengthBucket {
  /** Lengths from `from` to `to`, both included, in tokens before cutting. */
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

export interface LengthHistogram {
  readonly buckets: readonly LengthBucket[];
  readonly mean: number;
  readonly longest: number;
  /** Rows longer than `max_length`. */
  readonly cut: number;
}

/** How long the rows are, uncut: what to choose `max_length` by. */
export function lengthHistogram(rows: EncodedRows, maxLength: number, bucketCount = 16): LengthHistogram {
  const lengths = Uint32Array.from({ length: rows.length }, (_, row) => rows.fullLength(row));
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const width = Math.max(1, Math.ceil(longest / bucketCount));
  const counts = new Uint32Array(Math.max(1, Math.ceil(longest / width)));
  for (const length of lengths) counts[Math.floor((length - 1) / width)]++;
  return {
    buckets: Array.from(counts, (count, i) => ({ from: i * width + 1, to: (i + 1) * width, rows: count })),
    mean: lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length),
    longest,
    cut: lengths.filter((length) => length > maxLength).length,
  };
}
