/** The derivative of the head and the loss in one. */
import type { Builder } from '../builder.js';
import { mulDims, type Dim } from '../dims.js';
import { isHalf, type Node, type NodeOf } from '../node.js';
import type { InputGradients, Rule } from './rule.js';

export const headRule: Rule<'linearCrossEntropy'> = (g, node, dy) => (isHalf(node.inputs[0].dtype) ? narrow(g, node, dy) : wide(g, node, dy));

// y = −log p[label], p = softmax(z), z = x·wᵀ + b: dz = (p − onehot(label))·dy, without ever making the one-hot:
// dx = (p·w − w[label])⊙dy, dw = pᵀ·(x⊙dy) − (x⊙dy added into row label), db = Σ p⊙dy − (dy added at label).
// With z = c·tanh(u/c), dz/du = s = 1 − tanh²(u/c): p becomes p⊙s, and what belongs to a label is times s[label].
// With a smoothing ε over V labels, p becomes p − ε/V, and what belongs to a label is times 1 − ε.
function wide(g: Builder, { inputs: [x, w, labels, bias], attrs: { softcap, smoothing = 0 } }: NodeOf<'linearCrossEntropy'>, dy: Node): InputGradients {
  const raw = (): Node => g.linear(x, w, { bias, transposeW: true }); //       u [N, V]
  const even = smoothing / Number(w.shape[0]);
  const spread = (p: Node): Node => (smoothing === 0 ? p : g.sub(p, even));
  const p = (): Node => (softcap === undefined ? spread(g.softmax(raw())) : g.mul(spread(g.softmax(capped(g, raw(), softcap))), slope(g, raw(), softcap))); // [N, V]
  const atLabel = (): Node => {
    const product = g.sum(g.mul(x, g.gatherRows(w, labels)), [1]); // [N]
    return bias === undefined ? product : g.add(product, g.gatherRows(bias, labels));
  };
  const own = smoothing === 0 ? dy : g.mul(dy, 1 - smoothing);
  const labelDy = (): Node => (softcap === undefined ? own : g.mul(own, slope(g, atLabel(), softcap))); // [N]
  const rules = [
    () => g.sub(g.mul(g.linear(p(), w), column(g, dy)), g.mul(g.gatherRows(w, labels), column(g, labelDy()))), // [N, C]
    () => g.sub(g.matmul(p(), g.mul(x, column(g, dy)), { transposeA: true }), scatter(g, labels, g.mul(x, column(g, labelDy())), w)), // [V, C]
    null,
  ];
  return bias === undefined ? rules : [...rules, () => g.sub(g.sum(g.mul(p(), column(g, dy)), [0]), scatter(g, labels, labelDy(), bias))]; // [V]
}

/**
 * The same where the products are in 16 bits: p·w and w[label], each rounded, would leave nothing of their difference where
 * the model is sure. So dz = (p − onehot)⊙dy comes first, in f32, and is rounded on its way into the products.
 */
function narrow(g: Builder, { inputs: [x, w, labels, bias], attrs: { softcap, smoothing = 0 } }: NodeOf<'linearCrossEntropy'>, dy: Node): InputGradients {
  const words = Number(w.shape[0]);
  const u = (): Node => g.cast(g.linear(x, w, { bias, transposeW: true }), 'f32'); // [N, V]
  const dz = (): Node => {
    const everyWord = g.constant(Array.from({ length: words }, (_, word) => word), [words], 'i32');
    const hit = g.cast(g.op('equal', [column(g, labels), everyWord], {}), 'f32'); // [N, V]
    const p = g.softmax(softcap === undefined ? u() : capped(g, u(), softcap));
    const aim = smoothing === 0 ? hit : g.add(g.mul(hit, 1 - smoothing), smoothing / words); // [N, V]
    const miss = g.mul(g.sub(p, aim), column(g, dy));
    return softcap === undefined ? miss : g.mul(miss, slope(g, u(), softcap));
  };
  const rounded = (): Node => g.cast(dz(), x.dtype);
  const rules = [() => g.linear(rounded(), w), () => g.matmul(rounded(), x, { transposeA: true }), null];
  return bias === undefined ? rules : [...rules, () => g.sum(dz(), [0])];
}

/** [N] → [N, 1] */
function column(g: Builder, rows: Node): Node {
  return g.reshape(rows, [...rows.shape, 1]);
}

/** c·tanh(u/c) */
function capped(g: Builder, u: Node, cap: number): Node {
  return g.mul(tanh(g, u, cap), cap);
}

function slope(g: Builder, u: Node, cap: number): Node {
  return g.sub(g.constant(1), g.square(tanh(g, u, cap)));
}

function tanh(g: Builder, u: Node, cap: number): Node {
  return g.op('tanh', [g.div(u, cap)], {});
}

/** dy's rows added into zeros of the table's shape at their row numbers. */
export function scatter(g: Builder, rows: Node, dy: Node, table: Node): Node {
  const count: Dim = mulDims(...rows.shape);
  return g.op('scatterRows', [g.reshape(rows, [count]), g.reshape(g.cast(dy, 'f32'), [count, ...table.shape.slice(1)])], { rows: table.shape[0] });
}
