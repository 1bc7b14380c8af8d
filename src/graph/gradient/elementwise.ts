import type { Builder } from '../builder.js';
import type { Node } from '../node.js';
import { inF32, type Rules } from './rule.js';

type ElementwiseKind =
  | 'add' | 'sub' | 'mul' | 'div' | 'neg' | 'exp' | 'log' | 'sqrt' | 'sin' | 'cos' | 'tanh' | 'sigmoid' | 'erf' | 'relu' | 'silu' | 'gelu'
  | 'equal' | 'lessEqual' | 'and' | 'where' | 'cast' | 'after' | 'detach';

export const elementwiseRules: Rules<ElementwiseKind> = {
  add: (_g, _y, dy) => [() => dy, () => dy],
  sub: (g, _y, dy) => [() => dy, () => g.neg(dy)],
  // d(a·b) = b·da + a·db
  mul: (g, { inputs: [a, b] }, dy) => [() => g.mul(dy, b), () => g.mul(dy, a)],
  // d(a/b) = da/b − (a/b)·db/b
  div: (g, y, dy) => {
    const [, b] = y.inputs;
    return [() => g.div(dy, b), () => inF32(g, [b, dy, y], (b, dy, y) => g.neg(g.div(g.mul(dy, y), b)))];
  },
  neg: (g, _y, dy) => [() => g.neg(dy)],
  // d(eˣ) = eˣ·dx
  exp: (g, y, dy) => [() => g.mul(dy, y)],
  // d(ln x) = dx/x
  log: (g, { inputs: [x] }, dy) => [() => g.div(dy, x)],
  // d(√x) = ½·dx/√x
  sqrt: (g, y, dy) => [() => g.div(g.mul(dy, 0.5), y)],
  sin: (g, { inputs: [x] }, dy) => [() => g.mul(dy, g.op('cos', [x], {}))],
  cos: (g, { inputs: [x] }, dy) => [() => g.neg(g.mul(dy, g.op('sin', [x], {})))],
  // d(tanh x) = (1 − tanh²x)·dx
  tanh: (g, y, dy) => [() => inF32(g, [dy, y], (dy, y) => g.mul(dy, oneMinus(g, g.square(y))))],
  // dσ(x) = σ(x)·(1 − σ(x))·dx
  sigmoid: (g, y, dy) => [() => inF32(g, [dy, y], (dy, y) => g.mul(dy, g.mul(y, oneMinus(g, y))))],
  // d(erf x) = 2/√π·e^(−x²)·dx
  erf: (g, { inputs: [x] }, dy) => [() => g.mul(g.mul(dy, 2 / Math.sqrt(Math.PI)), exp(g, g.neg(g.square(x))))],
  // d(max(x, 0)) = dx where the result is not 0
  relu: (g, y, dy) => [() => g.where(g.cast(y, 'bool'), dy, 0)],
  // silu(x) = x·σ(x)
  silu: (g, { inputs: [x] }, dy) => [() => inF32(g, [dy, x], (dy, x) => g.mul(dy, selfGated(g, x, x, g.constant(1))))],
  gelu: (g, { inputs: [x], attrs: { approximate } }, dy) => [() => inF32(g, [dy, x], (dy, x) => g.mul(dy, approximate === 'tanh' ? tanhGeluSlope(g, x) : erfGeluSlope(g, x)))],

  equal: null,
  lessEqual: null,
  and: null,
  where: (g, { inputs: [condition] }, dy) => [null, () => g.where(condition, dy, 0), () => g.where(condition, g.constant(0, [], dy.dtype), dy)],
  // rounding counts as nothing: the gradient only changes its type, which the pass sees to; from what is not real it never asks
  cast: (_g, _y, dy) => [() => dy],
  after: (_g, _y, dy) => [() => dy, null],
  detach: null,
};

/** The slope of x·σ(v(x)): σ·(1 + x·(1 − σ)·v′). */
function selfGated(g: Builder, x: Node, v: Node, slopeOfV: Node): Node {
  const gate = g.op('sigmoid', [v], {});
  return g.mul(gate, g.add(g.mul(g.mul(x, oneMinus(g, gate)), slopeOfV), 1));
}

/** gelu(x) ≈ ½·x·(1 + tanh u) = x·σ(2u), u = √(2/π)·(x + 0.044715·x³) (Hendrycks and Gimpel, 2016). */
function tanhGeluSlope(g: Builder, x: Node): Node {
  const linear = 2 * Math.sqrt(2 / Math.PI);
  const cubic = linear * 0.044715;
  const squared = g.square(x);
  const v = g.mul(x, g.add(g.mul(squared, cubic), linear)); //  2u = x·(l + c·x²)
  const slopeOfV = g.add(g.mul(squared, 3 * cubic), linear); // l + 3c·x²
  return selfGated(g, x, v, slopeOfV);
}

/** gelu(x) = x·Φ(x): its slope is Φ(x) + x·φ(x), with the normal distribution's Φ and density φ. */
function erfGeluSlope(g: Builder, x: Node): Node {
  const distribution = g.mul(g.add(g.op('erf', [g.mul(x, Math.SQRT1_2)], {}), 1), 0.5);
  const density = g.mul(exp(g, g.mul(g.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return g.add(distribution, g.mul(x, density));
}

function oneMinus(g: Builder, x: Node): Node {
  return g.sub(g.constant(1), x);
}

function exp(g: Builder, x: Node): Node {
  return g.op('exp', [x], {});
}
