import type { Builder } from '../builder.js';
import { mulDims, type Dim } from '../dims.js';
import type { Node, NodeOf } from '../node.js';
import type { Rules } from './rule.js';

type FieldKind = 'softmax' | 'layerNorm' | 'rmsNorm' | 'rotary' | 'gatherRows' | 'scatterRows' | 'linearCrossEntropy' | 'argMax' | 'absMax' | 'dynamicCode' | 'dynamicValue';

export const fieldRules: Rules<FieldKind> = {
  // dx = y ⊙ (dy − Σ dy⊙y)
  softmax: (g, y, dy) => [() => g.mul(y, g.sub(dy, sumLast(g, g.mul(dy, y))))],

  // y = x̂·γ + β, x̂ = (x − μ)·r, r = 1/√(σ² + ε)
  layerNorm: (g, { inputs: [x, gamma], attrs: { epsilon } }, dy) => {
    const normalized = (): Normalized => normalize(g, g.sub(x, meanLast(g, x)), epsilon);
    return [
      // dx = r·(ĝ − mean(ĝ) − x̂·mean(ĝ⊙x̂)), ĝ = dy⊙γ
      () => {
        const scaled = g.mul(dy, gamma); // ĝ
        return rescaled(g, normalized(), scaled, g.sub(scaled, meanLast(g, scaled)));
      },
      () => g.mul(dy, normalized().value),
      () => dy,
    ];
  },

  // y = x̂·γ, x̂ = x·r, r = 1/√(mean(x²) + ε)
  rmsNorm: (g, { inputs: [x, gamma], attrs: { epsilon } }, dy) => {
    const normalized = (): Normalized => normalize(g, x, epsilon);
    return [
      // dx = r·(ĝ − x̂·mean(ĝ⊙x̂)), ĝ = dy⊙γ
      () => {
        const scaled = g.mul(dy, gamma); // ĝ
        return rescaled(g, normalized(), scaled, scaled);
      },
      () => g.mul(dy, normalized().value),
    ];
  },

  // A rotation's transpose is the rotation back. With pairs (a, b) → (a·c − b·s, b·c + a·s),
  // dc is dy⊙x summed over each pair, and ds is dy ⊙ (x turned by 90°) summed likewise.
  rotary: (g, node, dy) => {
    const [x, cos, sin] = node.inputs;
    return [
      () => g.op('rotary', [dy, cos, g.neg(sin)], node.attrs),
      () => sumPairs(g, node, g.mul(dy, x)),
      () => sumPairs(g, node, g.mul(dy, g.op('rotary', [x, g.mul(cos, 0), g.add(g.mul(sin, 0), 1)], node.attrs))),
    ];
  },

  // d table[r] = Σ of dy where row r was taken
  gatherRows: (g, { inputs: [table, rows] }, dy) => [() => scatter(g, rows, dy, table), null],
  scatterRows: (g, { inputs: [rows] }, dy) => [null, () => g.gatherRows(dy, rows)],

  // y = −log p[label], p = softmax(z), z = x·wᵀ + b: dz = (p − onehot(label))·dy, without ever making the one-hot:
  // dx = (p·w − w[label])⊙dy, dw = pᵀ·(x⊙dy) − (x⊙dy added into row label), db = Σ p⊙dy − (dy added at label).
  // With z = c·tanh(u/c), dz/du = s = 1 − tanh²(u/c): p becomes p⊙s, and what belongs to a label is times s[label].
  linearCrossEntropy: (g, { inputs: [x, w, labels, bias], attrs: { softcap } }, dy) => {
    const column = (rows: Node): Node => g.reshape(rows, [...rows.shape, 1]); // [N] → [N, 1]
    const raw = (): Node => g.linear(x, w, { bias, transposeW: true }); //       u [N, V]
    const tanh = (u: Node, cap: number): Node => g.op('tanh', [g.div(u, cap)], {});
    const slope = (u: Node, cap: number): Node => g.sub(g.constant(1), g.square(tanh(u, cap)));
    const p = (): Node => (softcap === undefined ? g.softmax(raw()) : g.mul(g.softmax(g.mul(tanh(raw(), softcap), softcap)), slope(raw(), softcap))); // [N, V]
    const atLabel = (): Node => {
      const product = g.sum(g.mul(x, g.gatherRows(w, labels)), [1]); // [N]
      return bias === undefined ? product : g.add(product, g.gatherRows(bias, labels));
    };
    const labelDy = (): Node => (softcap === undefined ? dy : g.mul(dy, slope(atLabel(), softcap))); // [N]
    const rules = [
      () => g.sub(g.mul(g.linear(p(), w), column(dy)), g.mul(g.gatherRows(w, labels), column(labelDy()))), // [N, C]
      () => g.sub(g.matmul(p(), g.mul(x, column(dy)), { transposeA: true }), scatter(g, labels, g.mul(x, column(labelDy())), w)), // [V, C]
      null,
    ];
    return bias === undefined ? rules : [...rules, () => g.sub(g.sum(g.mul(p(), column(dy)), [0]), scatter(g, labels, labelDy(), bias))]; // [V]
  },
  argMax: null,
  // of an optimizer's state, which nothing is derived through
  absMax: null,
  dynamicCode: null,
  dynamicValue: null,
};

interface Normalized {
  readonly value: Node; //        x̂ [..., C]
  readonly inverseScale: Node; // r [..., 1]
}

/** x̂ = centred·r with r = 1/√(mean(centred²) + ε). */
function normalize(g: Builder, centred: Node, epsilon: number): Normalized {
  const inverseScale = g.div(g.constant(1), g.sqrt(g.add(meanLast(g, g.square(centred)), epsilon)));
  return { value: g.mul(centred, inverseScale), inverseScale };
}

/** r·(rest − x̂·mean(ĝ⊙x̂)) */
function rescaled(g: Builder, { value, inverseScale }: Normalized, scaled: Node, rest: Node): Node {
  return g.mul(inverseScale, g.sub(rest, g.mul(value, meanLast(g, g.mul(scaled, value)))));
}

/** [..., C] → [..., 1] */
function sumLast(g: Builder, x: Node): Node {
  return g.sum(x, [x.shape.length - 1], true);
}

function meanLast(g: Builder, x: Node): Node {
  return g.mul(sumLast(g, x), 1 / width(x));
}

function width(x: Node): number {
  const dim = x.shape.at(-1);
  if (typeof dim !== 'number') throw new Error(`a mean over a last axis of length ${dim} needs a length that is known when the graph is built`);
  return dim;
}

/** [B, H, T, D] → [B, H, T, D/2], the two of each rotated pair added. */
function sumPairs(g: Builder, { attrs: { interleaved }, inputs: [x] }: NodeOf<'rotary'>, values: Node): Node {
  const lead = x.shape.slice(0, -1);
  const pairs = width(x) / 2;
  return g.sum(g.reshape(values, interleaved ? [...lead, pairs, 2] : [...lead, 2, pairs]), [lead.length + (interleaved ? 1 : 0)]);
}

/** dy's rows added into zeros of the table's shape at their row numbers. */
function scatter(g: Builder, rows: Node, dy: Node, table: Node): Node {
  const count: Dim = mulDims(...rows.shape);
  return g.op('scatterRows', [g.reshape(rows, [count]), g.reshape(dy, [count, ...table.shape.slice(1)])], { rows: table.shape[0] });
}
