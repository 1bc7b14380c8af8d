/** Rows to the arrays of one micro-batch. */
import { type Tensor, i32 } from '../../util/tensor.js';
import { type LaidRow, type Layout, nextToken } from './layout.js';
import { batchWidth } from './unpadded.js';
import type { EncodedRows } from '../rows.js';

export interface Batch {
  readonly inputs: {
    readonly input_ids: Tensor<'i32'>; //  [B, T]
    readonly positions: Tensor<'i32'>; //  [B, T], from 0 in every row of the data
    readonly segments: Tensor<'i32'>; //   [B, T], from 1; padding is 0
    /** Flat index b·T + t of each position that predicts a label. */
    readonly label_rows: Tensor<'i32'>; // [N]
    /** What is to be predicted there: a token, or a class. */
    readonly labels: Tensor<'i32'>; //     [N]
    readonly blocks?: Tensor<'i32'>; //    [B, T], where the layout gives them
    /** The sources, where the layout gives them; segments as those of their answers. */
    readonly source_ids?: Tensor<'i32'>; //       [B, S]
    readonly source_positions?: Tensor<'i32'>; // [B, S]
    readonly source_segments?: Tensor<'i32'>; //  [B, S]
  };
  readonly labelCount: number;
  /** [N], the row of the data that each label is of. */
  readonly labelOwners: Uint32Array;
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

/** Lays rows out: each group of row numbers becomes one row of the batch, its members one segment each. */
export function collate(rows: EncodedRows, groups: readonly (readonly number[])[], options: CollateOptions): Batch {
  const { padId, layout = nextToken, draw = [] } = options;
  const laid = groups.map((group) => group.map((row) => layout(rows, row, draw)));
  const [ids, positions, segments] = placed(laid, ({ ids: tokens }) => tokens, padId);
  const width = ids.shape[1]; // T
  const labelRows: number[] = [];
  const labels: number[] = [];
  const owners: number[] = [];
  const weighed = groups.flatMap((group, b) => group.map((row, s) => weigh(rows, row, laid[b][s].from)));
  const weighted = weighed.some(({ weights }) => weights !== null);

  for (const [b, group] of laid.entries()) {
    let start = b * width;
    for (const [s, row] of group.entries()) {
      for (const t of row.at) labelRows.push(start + t);
      for (const label of row.labels) labels.push(label); // too many for arguments of one call
      for (let i = 0; i < row.labels.length; i++) owners.push(groups[b][s]);
      start += row.ids.length;
    }
  }
  return {
    inputs: {
      input_ids: ids,
      positions,
      segments,
      label_rows: i32([labelRows.length], labelRows),
      labels: i32([labels.length], labels),
      ...extras(laid, padId),
    },
    labelCount: labels.length,
    labelOwners: Uint32Array.from(owners),
    labelWeights: weighted ? Float32Array.from(weighed.flatMap(({ weights, total }) => (weights === null ? new Array<number>(total).fill(1) : weights))) : null,
    weight: weighed.reduce((sum, { total }) => sum + total, 0),
    tokenCount: laid.flat().reduce((sum, { ids: tokens, source }) => sum + tokens.length + (source?.length ?? 0), 0),
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

type Laid = readonly (readonly LaidRow[])[];

/** What only some layouts give. */
function extras(laid: Laid, padId: number): Partial<Batch['inputs']> {
  const { blocks, source } = laid[0][0];
  const [source_ids, source_positions, source_segments] = source === undefined ? [] : placed(laid, (row) => given(row.source), padId);
  return {
    ...(blocks === undefined ? {} : { blocks: placed(laid, (row) => given(row.blocks), 0)[0] }),
    ...(source === undefined ? {} : { source_ids, source_positions, source_segments }),
  };
}

/** Each group's values one after the other, filled up to one width: the values, positions and segments, [B, width] each. */
function placed(laid: Laid, values: (row: LaidRow) => Int32Array, fill: number): [Tensor<'i32'>, Tensor<'i32'>, Tensor<'i32'>] {
  const rows = laid.map((group) => group.map(values));
  const width = batchWidth(Math.max(...rows.map((group) => group.reduce((sum, { length }) => sum + length, 0))));
  const [all, positions, segments] = [fill, 0, 0].map((start) => i32([laid.length, width], new Int32Array(laid.length * width).fill(start)));
  for (const [b, group] of rows.entries()) {
    let start = b * width;
    for (const [s, row] of group.entries()) {
      all.data.set(row, start);
      for (let t = 0; t < row.length; t++) positions.data[start + t] = t;
      segments.data.fill(s + 1, start, start + row.length);
      start += row.length;
    }
  }
  return [all, positions, segments];
}

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a layout gives some rows what it does not give others');
  return value;
}
