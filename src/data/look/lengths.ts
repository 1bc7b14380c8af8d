/** How long rows are; apart from what reads them, so that a screen can count again at every key. */

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

/** `lengths` [N] in tokens, in buckets of one width. */
export function histogramOf(lengths: Uint32Array, maxLength: number, bucketCount = 16): LengthHistogram {
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const width = Math.max(1, Math.ceil(longest / bucketCount));
  const counts = new Uint32Array(Math.max(1, Math.ceil(longest / width)));
  for (const length of lengths) counts[Math.floor((length - 1) / width)]++;
  return {
    buckets: Array.from(counts, (count, i) => ({ from: i * width + 1, to: (i + 1) * width, rows: count })),
    mean: lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length),
    longest,
    cut: lengths.reduce((count, length) => count + Number(length > maxLength), 0),
  };
}
