/** Rows to the arrays of one micro-batch. */
import { type Tensor, i32 } from '../util/tensor.js';
import { type EncodedRows, ignoredLabel } from './rows.js';

export interface Batch {
  readonly inputs: {
    readonly input_ids: Tensor<'i32'>; //  [B, T]
    readonly positions: Tensor<'i32'>; //  [B, T], from 0 in every row of the data
    readonly segments: Tensor<'i32'>; //   [B, T], from 1; padding is 0
    /** Flat index b·T + t of each position that predicts a label. */
    readonly label_rows: Tensor<'i32'>; // [N]
    /** The token to be predicted there: the one at t + 1 of the same segment. */
    readonly labels: Tensor<'i32'>; //     [N]
  };
  readonly labelCount: number;
  /** Tokens without padding. */
  readonly tokenCount: number;
  /** Rows of the data that are in it, from 0; more than B when they are packed. */
  readonly rows: readonly number[];
}

export interface CollateOptions {
  readonly padId: number;
}

/** T of a batch whose longest row has so many tokens: a few sizes come again and again, so that engines meet the same shapes. */
export function batchWidth(longest: number): number {
  return Math.ceil(Math.max(1, longest) / 8) * 8;
}

/** Lays rows out: each group of row numbers becomes one row of the batch, its members one segment each. */
export function collate(rows: EncodedRows, groups: readonly (readonly number[])[], options: CollateOptions): Batch {
  const { padId } = options;
  const lengths = groups.map((group) => group.reduce((sum, row) => sum + rows.tokenCount(row), 0));
  const width = batchWidth(Math.max(...lengths)); // T
  const shape = [groups.length, width];
  const ids = new Int32Array(groups.length * width).fill(padId);
  const positions = new Int32Array(ids.length);
  const segments = new Int32Array(ids.length);
  const labelRows: number[] = [];
  const labels: number[] = [];

  for (const [b, group] of groups.entries()) {
    let at = b * width;
    for (const [s, row] of group.entries()) {
      const tokens = rows.tokens(row);
      const targets = rows.labels(row);
      ids.set(tokens, at);
      for (let t = 0; t < tokens.length; t++) {
        positions[at + t] = t;
        segments[at + t] = s + 1;
        if (t === 0 || targets[t] === ignoredLabel) continue;
        labelRows.push(at + t - 1);
        labels.push(targets[t]);
      }
      at += tokens.length;
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
    tokenCount: lengths.reduce((sum, length) => sum + length, 0),
    rows: groups.flat(),
  };
}
