/** What stands between the last hidden values and the numbers a model chooses by: the same for loss, choice and generation. */
import type { Builder } from '../graph/builder.js';
import { mulDims } from '../graph/dims.js';
import type { Node } from '../graph/node.js';

/** z = transform(h)·Wᵀ + b, or c·tanh of that over c. */
export interface Head {
  readonly weight: Node; //        [V, C]: words, or classes
  readonly bias?: Node; //         [V]
  /** Gemma 2's bound on logits (arXiv:2408.00118 §2). */
  readonly softcap?: number;
  /** [N, C] → [N, C]: what a model does to a row only where something is read from it (BERT's pooler and its kin). */
  readonly transform?: (rows: Node) => Node;
}

/** hidden [B, T, C] at flat positions [N] → [N, C]: the head runs where a label is and nowhere else. */
export function rowsAt(g: Builder, hidden: Node, positions: Node): Node {
  const [b, t, c] = hidden.shape;
  return g.gatherRows(g.reshape(hidden, [mulDims(b, t), c]), positions);
}

/** rows [N, C] → logits [N, V] */
export function logitsOf(g: Builder, rows: Node, { weight, bias, softcap, transform }: Head): Node {
  const logits = g.linear(transform?.(rows) ?? rows, weight, { bias, transposeW: true });
  return softcap === undefined ? logits : g.mul(g.op('tanh', [g.div(logits, softcap)], {}), softcap);
}

/** rows [N, C] and labels i32 [N] → −log softmax(logits)[label], [N]; with `smoothing` as linearCrossEntropy has it. */
export function lossesOf(g: Builder, rows: Node, labels: Node, { weight, bias, softcap, transform, smoothing = 0 }: Head & { readonly smoothing?: number }): Node {
  const inputs = [transform?.(rows) ?? rows, weight, labels];
  return g.op('linearCrossEntropy', bias === undefined ? inputs : [...inputs, bias], { ...(softcap === undefined ? {} : { softcap }), ...(smoothing === 0 ? {} : { smoothing }) });
}
