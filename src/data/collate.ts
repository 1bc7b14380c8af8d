/** Rows to the arrays of one micro-batch. */
import { type Tensor, i32 } from '../util/tensor.js';
import { type Layout, nextToken } from './layout.js';
import type { EncodedRows } from './rows.js';

export interface Batch {
  readonly inputs: {
    readonly input_ids: Tensor<'i32'>; //  [B, T]
    readonly positions: Tensor<'i32'>; //  [B, T], from 0 in every row of the data
    readonly segments: Tensor<'i32'>; //   [B, T], from 1; padding is 0
    /** Flat index b·T + t of each position that predicts a label. */
    readonly label_rows: Tensor<'i32'>; // [N]
    /** What is to be predicted there: a token, or a class. */
    readonly labels: Tensor<'i32'>; //     [N]
  };
  readonly labelCount: number;
  /** [N], what the loss of each label is multiplied by; null: 1. */
  readonly labelWeights: Float32Array | null;
  /** What the sum of these losses is to be divided by for a mean: the labels, or their weight. */
  readonly weight: number;
  /** Tokens without padding. */
  readonly tokenCount: number;
  /** Rows of the data that are in it, from 0; more than B when they are packed. */
  readonly rows: readonly number[];
}

export interface CollateOptions {
  readonly padId: number;
  readonly layout?: Layout;
  /** Which pass over the data this is, for a layout that draws. */
  readonly draw?: readonly (string | number)[];
}

/** T of a batch whose longest row has so many tokens: a few sizes come again and again, so that engines meet the same shapes. */
export function batchWidth(longest: number): number {
  return Math.ceil(Math.max(1, longest) / 8) * 8;
}

/** Lays rows out: each group of row numbers becomes one row of the batch, its members one segment each. */
export function collate(rows: EncodedRows, groups: readonly (readonly number[])[], options: CollateOptions): Batch {
  const { padId, layout = nextToken, draw = [] } = options;
  const laid = groups.map((group) => group.map((row) => layout(rows, row, draw)));
  const lengths = laid.map((group) => group.reduce((sum, { ids }) => sum + ids.length, 0));
  const width = batchWidth(Math.max(...lengths)); // T
  const shape = [groups.length, width];
  const ids = new Int32Array(groups.length * width).fill(padId);
  const positions = new Int32Array(ids.length);
  const segments = new Int32Array(ids.length);
  const labelRows: number[] = [];
  const labels: number[] = [];
  const weighed = groups.flatMap((group, b) => group.map((row, s) => weigh(rows, row, laid[b][s].from)));
  const weighted = weighed.some(({ weights }) => weights !== null);

  for (const [b, group] of laid.entries()) {
    let start = b * width;
    for (const [s, row] of group.entries()) {
      ids.set(row.ids, start);
      for (let t = 0; t < row.ids.length; t++) positions[start + t] = t;
      segments.fill(s + 1, start, start + row.ids.length);
      for (const t of row.at) labelRows.push(start + t);
      labels.push(...row.labels);
      start += row.ids.length;
    }
  }
  return {
    inputs: {
      input_ids: i32(shape, ids),
      positions: i32(shape, positions),
      segments: i32(shape, segments),
      label_rows: i32([labelRows.length], labelRows),
      labels: i32([labels.length], labels),
    },
    labelCount: labels.length,
    labelWeights: weighted ? Float32Array.from(weighed.flatMap(({ weights, total }) => (weights === null ? new Array<number>(total).fill(1) : weights))) : null,
    weight: weighed.reduce((sum, { total }) => sum + total, 0),
    tokenCount: lengths.reduce((sum, length) => sum + length, 0),
    rows: groups.flat(),
  };
}

/**
 * What the labels of a row weigh, and what they add to the divisor. As labels, by their weights w: w and Σ w. As one row
 * with a factor f, which counts by its mean: f·w/n and Σ w/n over its n labels. Null: each weighs 1.
 */
function weigh(rows: EncodedRows, row: number, from: readonly number[]): { readonly weights: readonly number[] | null; readonly total: number } {
  const [own, factor] = [rows.weights(row), rows.factor(row)];
  if (own === null && factor === null) return { weights: null, total: from.length };
  const weights = from.map((t) => own?.[t] ?? 1);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return factor === null ? { weights, total: sum } : { weights: weights.map((weight) => (factor * weight) / from.length), total: sum / Math.max(1, from.length) };
}
