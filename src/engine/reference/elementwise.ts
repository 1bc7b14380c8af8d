import { isReal } from '../../graph/node.js';
import { broadcastOffsets, type Kernels, type Value } from './value.js';

type PlainKernel = (node: object, inputs: readonly Value[], out: Value) => void;

const map = (f: (x: number) => number): PlainKernel => (_node, [x], out) => {
  for (let i = 0; i < out.data.length; i++) out.data[i] = f(x.data[i]);
};

const zip = (f: (a: number, b: number) => number): PlainKernel => (_node, [a, b], out) => {
  const [atA, atB] = [broadcastOffsets(a, out.shape), broadcastOffsets(b, out.shape)];
  for (let i = 0; i < out.data.length; i++) out.data[i] = f(a.data[atA[i]], b.data[atB[i]]);
};

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const gelu = {
  none: (x: number): number => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  tanh: (x: number): number => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
};

type ElementwiseKind =
  | 'add' | 'sub' | 'mul' | 'div' | 'neg' | 'exp' | 'log' | 'sqrt' | 'sin' | 'cos' | 'tanh' | 'sigmoid' | 'erf' | 'relu' | 'silu' | 'gelu'
  | 'equal' | 'lessEqual' | 'and' | 'where' | 'cast' | 'after' | 'detach';

export const elementwiseKernels: Kernels<ElementwiseKind> = {
  add: zip((a, b) => a + b),
  sub: zip((a, b) => a - b),
  mul: zip((a, b) => a * b),
  div: zip((a, b) => a / b),
  neg: map((x) => -x),
  exp: map(Math.exp),
  log: map(Math.log),
  sqrt: map(Math.sqrt),
  sin: map(Math.sin),
  cos: map(Math.cos),
  tanh: map(Math.tanh),
  sigmoid: map(sigmoid),
  erf: map(erf),
  relu: map((x) => (x < 0 ? 0 : x)), // not Math.max: NaN stays NaN, −0 stays itself
  silu: map((x) => x * sigmoid(x)),
  gelu: (node, inputs, out) => map(gelu[node.attrs.approximate])(node, inputs, out),
  equal: zip((a, b) => Number(a === b)),
  lessEqual: zip((a, b) => Number(a <= b)),
  and: zip((a, b) => a & b),
  where: (_node, [condition, a, b], out) => {
    const [atCondition, atA, atB] = [condition, a, b].map((value) => broadcastOffsets(value, out.shape));
    for (let i = 0; i < out.data.length; i++) out.data[i] = condition.data[atCondition[i]] ? a.data[atA[i]] : b.data[atB[i]];
  },
  after: map((x) => x),
  detach: map((x) => x),
  cast: (node, inputs, out) => map(isReal(node.attrs.to) ? (x) => x : node.attrs.to === 'bool' ? (x) => Number(x !== 0) : Math.trunc)(node, inputs, out),
};

/**
 * erf(x) = 2/√π·e^(−x²)·Σ 2ⁿx²ⁿ⁺¹/(2n+1)!!, to the last bits of a double: all terms have one sign, and beyond
 * 6 the result is ±1 (Abramowitz and Stegun 7.1.6).
 */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
