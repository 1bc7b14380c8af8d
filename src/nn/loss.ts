import type { Builder } from '../graph/builder.js';
import { mulDims } from '../graph/dims.js';
import type { Node } from '../graph/node.js';

export interface LossInputs {
  readonly hidden: Node; //  [B, T, C], after the last norm
  readonly head: Node; //    [V, C]
  readonly rows: Node; //    [N] i32, flat indices into B·T of the positions that predict
  readonly labels: Node; //  [N] i32, what they should predict
  readonly weights: Node; // [N]; 1 / label tokens of the whole update, times any weight of the token
}

/** hidden [B, T, C] at flat positions [N] → [N, C]: the head runs where a label is and nowhere else. */
export function labelRows(g: Builder, hidden: Node, rows: Node): Node {
  const [b, t, c] = hidden.shape;
  return g.gatherRows(g.reshape(hidden, [mulDims(b, t), c]), rows);
}

/** Σᵢ weightᵢ · −log softmax(hiddenᵢ·headᵀ)[labelᵢ], a scalar. */
export function languageModelLoss(g: Builder, { hidden, head, rows, labels, weights }: LossInputs): Node {
  const losses = g.op('linearCrossEntropy', [labelRows(g, hidden, rows), head, labels], {}); // [N]
  return g.sum(g.mul(losses, weights), [0]);
}
