import type { Builder } from '../builder.js';
import type { Node, NodeOf } from '../node.js';
import { headRule, scatter } from './head.js';
import { inF32, type Rules } from './rule.js';

type FieldKind = 'softmax' | 'layerNorm' | 'rmsNorm' | 'rotary' | 'gatherRows' | 'scatterRows' | 'linearCrossEntropy' | 'argMax' | 'absMax' | 'dynamicCode' | 'dynamicValue';

export const fieldRules: Rules<FieldKind> = {
  // dx = y ⊙ (dy − Σ dy⊙y)
  softmax: (g, y, dy) => [() => inF32(g, [dy, y], (dy, y) => g.mul(y, g.sub(dy, sumLast(g, g.mul(dy, y)))))],

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

  linearCrossEntropy: headRule,
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
  return g.sum(g.reshape(g.cast(values, 'f32'), interleaved ? [...lead, pairs, 2] : [...lead, 2, pairs]), [lead.length + (interleaved ? 1 : 0)]);
}
