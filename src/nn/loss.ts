import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';
import { lossesOf, rowsAt, type Head } from './head.js';

export interface LossInputs {
  readonly hidden: Node; //  [B, T, C], after the last norm
  readonly head: Head;
  readonly rows: Node; //    [N] i32, flat indices into B·T of the positions that predict
  readonly labels: Node; //  [N] i32, what they should predict
  /** Share of a label that goes to all words alike (Szegedy et al., 2016, arXiv:1512.00567 §7); 0 unless said. */
  readonly smoothing?: number;
  readonly weights: Node; // [N]; weight of the token / weight of all label tokens of the update
}

/** Σᵢ weightᵢ · −log softmax(logitsᵢ)[labelᵢ], a scalar. */
export function labelLoss(g: Builder, { hidden, head, rows, labels, weights, smoothing }: LossInputs): Node {
  return g.sum(g.mul(lossesOf(g, rowsAt(g, hidden, rows), labels, { ...head, smoothing }), weights), [0]);
}
