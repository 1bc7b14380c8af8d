import { addDims, mulDims, printShape, sameShape, sizeDim, type Dim, type Shape } from './dims.js';
import { isHalf, isReal, type Attributes, type DType, type Node, type NodeOf, type OpKind } from './node.js';

/** What an op gives for given inputs; throws a sentence where they do not fit. */
export interface Typed {
  readonly shape: Shape;
  readonly dtype: DType;
}

type ShapeRule<K extends OpKind> = (inputs: readonly Node[], attrs: Attributes[K]) => Typed;

/** Leaves are given their type by the builder; every other op derives it. */
export type Leaf = 'input' | 'variable' | 'constant';
export type DerivedKind = Exclude<OpKind, Leaf>;

export function isLeaf(node: Node): node is { [K in Leaf]: NodeOf<K> }[Leaf] {
  return node.kind === 'input' || node.kind === 'variable' || node.kind === 'constant';
}

const f32 = (shape: Shape): Typed => ({ shape, dtype: 'f32' });

type PlainRule = (inputs: readonly Node[]) => Typed;

const unary: PlainRule = ([x]) => {
  needReal([x]);
  return { shape: x.shape, dtype: x.dtype };
};

/** Of what is too coarse in 16 bits. */
const full: PlainRule = ([x]) => {
  needF32([x]);
  return f32(x.shape);
};

const binary: PlainRule = ([a, b]) => {
  need(a.dtype !== 'bool', `numbers wanted, ${a.dtype} given`);
  return { shape: broadcastShapes(a.shape, b.shape), dtype: common(a, b) };
};

const real: PlainRule = (inputs) => {
  const [a, b] = inputs;
  needReal(inputs);
  return { shape: broadcastShapes(a.shape, b.shape), dtype: common(a, b) };
};

const compare: PlainRule = ([a, b]) => {
  need(a.dtype === 'i32' && b.dtype === 'i32', `i32 wanted, ${a.dtype} and ${b.dtype} given`);
  return { shape: broadcastShapes(a.shape, b.shape), dtype: 'bool' };
};

export const shapeRules: { readonly [K in DerivedKind]: ShapeRule<K> } = {
  add: binary,
  sub: binary,
  mul: binary,
  div: real, // of integers, engines round differently
  neg: unary,
  exp: full,
  log: full,
  sqrt: full,
  sin: full,
  cos: full,
  tanh: unary,
  sigmoid: unary,
  erf: full,
  relu: unary,
  silu: unary,
  gelu: unary,
  equal: compare,
  lessEqual: compare,
  and: ([a, b]) => {
    need(a.dtype === 'bool' && b.dtype === 'bool', `bool wanted, ${a.dtype} and ${b.dtype} given`);
    return { shape: broadcastShapes(a.shape, b.shape), dtype: 'bool' };
  },
  where: ([condition, a, b]) => {
    need(condition.dtype === 'bool', `a bool condition wanted, ${condition.dtype} given`);
    return { shape: broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape)), dtype: common(a, b) };
  },
  after: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  detach: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  cast: ([x], { to }) => ({ shape: x.shape, dtype: to }),

  reshape: ([x], { shape }) => {
    need(sizeDim(x.shape) === sizeDim(shape), `${printShape(x.shape)} has not the elements of ${printShape(shape)}`);
    return { shape, dtype: x.dtype };
  },
  transpose: ([x], { perm }) => {
    need([...perm].sort((a, b) => a - b).every((axis, i) => axis === i) && perm.length === x.shape.length, `[${perm.join(', ')}] is no permutation of ${printShape(x.shape)}`);
    return { shape: perm.map((axis) => x.shape[axis]), dtype: x.dtype };
  },
  broadcast: ([x], { shape }) => {
    need(sameShape(broadcastShapes(x.shape, shape), shape), `${printShape(x.shape)} does not broadcast to ${printShape(shape)}`);
    return { shape, dtype: x.dtype };
  },
  slice: ([x], { axis, start, end }) => {
    const dim = x.shape[axis];
    need(typeof dim === 'number' && start >= 0 && start < end && end <= dim, `${start}…${end} is not inside axis ${axis} of ${printShape(x.shape)}`);
    return { shape: withDim(x.shape, axis, end - start), dtype: x.dtype };
  },
  pad: ([x], { axis, before, after }) => ({ shape: withDim(x.shape, axis, addDims(x.shape[axis], before + after)), dtype: x.dtype }),
  concat: (inputs, { axis }) => {
    const [first, ...rest] = inputs;
    for (const other of rest) {
      need(other.dtype === first.dtype && sameShape(withDim(other.shape, axis, 0), withDim(first.shape, axis, 0)), `${printShape(other.shape)} does not continue ${printShape(first.shape)} along axis ${axis}`);
    }
    return { shape: withDim(first.shape, axis, inputs.map((x) => x.shape[axis]).reduce(addDims)), dtype: first.dtype };
  },
  reduceSum: ([x], { axes, keepDims }) => {
    needF32([x]);
    need(axes.every((axis) => axis >= 0 && axis < x.shape.length), `axes ${axes.join(', ')} are not of ${printShape(x.shape)}`);
    const kept = x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
    return f32(keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis)));
  },

  linear: (inputs, { transposeW }) => {
    const [x, w, b] = inputs;
    needReal(inputs);
    needOneType([x, w]);
    const [inner, outer] = transposeW ? [w.shape[1], w.shape[0]] : [w.shape[0], w.shape[1]];
    need(w.shape.length === 2 && x.shape.at(-1) === inner, `${printShape(x.shape)} times ${printShape(w.shape)}${transposeW ? ' transposed' : ''}`);
    need(b === undefined || sameShape(b.shape, [outer]), `a bias of ${outer} wanted, ${b === undefined ? '' : printShape(b.shape)} given`);
    return { shape: [...x.shape.slice(0, -1), outer], dtype: x.dtype };
  },
  linearQuantized: ([x, codes, scale, zero, b], { bits, outputSize, transposeW }) => {
    needReal([x]);
    needF32([scale]);
    need(codes.dtype === 'u8' && zero.dtype === 'u8', `u8 codes and zeros wanted, ${codes.dtype} and ${zero.dtype} given`);
    const [rows, block] = codes.shape.map(Number);
    const blocks = (rows * 8) / bits;
    const inputSize = (blocks * block) / outputSize;
    need(Number.isInteger(inputSize) && sameShape(scale.shape, [blocks]) && sameShape(zero.shape, [blocks]), `${blocks} scales and zeros wanted, ${printShape(scale.shape)} and ${printShape(zero.shape)} given`);
    const [inner, outer] = transposeW ? [inputSize, outputSize] : [outputSize, inputSize];
    need(x.shape.at(-1) === inner, `${printShape(x.shape)} times ${printShape([inner, outer])}`);
    need(b === undefined || sameShape(b.shape, [outer]), `a bias of ${outer} wanted`);
    return { shape: [...x.shape.slice(0, -1), outer], dtype: x.dtype };
  },
  matmul: ([a, b], { transposeA, transposeB }) => {
    needReal([a, b]);
    needOneType([a, b]);
    const [m, k] = transposeA ? [a.shape.at(-1), a.shape.at(-2)] : [a.shape.at(-2), a.shape.at(-1)];
    const [l, n] = transposeB ? [b.shape.at(-1), b.shape.at(-2)] : [b.shape.at(-2), b.shape.at(-1)];
    const lead = a.shape.slice(0, -2);
    need(m !== undefined && n !== undefined && k === l && sameShape(lead, b.shape.slice(0, -2)), `${printShape(a.shape)} times ${printShape(b.shape)}`);
    return { shape: [...lead, m as Dim, n as Dim], dtype: a.dtype };
  },

  softmax: unary,
  layerNorm: ([x, gamma, beta]) => {
    needF32([x, gamma, beta]);
    need(sameShape(gamma.shape, x.shape.slice(-1)) && sameShape(beta.shape, gamma.shape), `gamma and beta of ${printShape(x.shape.slice(-1))} wanted`);
    return f32(x.shape);
  },
  rmsNorm: ([x, gamma]) => {
    needF32([x, gamma]);
    need(sameShape(gamma.shape, x.shape.slice(-1)), `gamma of ${printShape(x.shape.slice(-1))} wanted, ${printShape(gamma.shape)} given`);
    return f32(x.shape);
  },
  rotary: ([x, cos, sin]) => {
    needReal([x]);
    needF32([cos, sin]);
    const [b, , t, d] = x.shape;
    const angles = typeof d === 'number' && d % 2 === 0 ? [b, 1, t, d / 2] : [];
    need(x.shape.length === 4 && sameShape(cos.shape, angles) && sameShape(sin.shape, angles), `angles [B, 1, T, D/2] for ${printShape(x.shape)} wanted, ${printShape(cos.shape)} and ${printShape(sin.shape)} given`);
    return { shape: x.shape, dtype: x.dtype };
  },
  gatherRows: ([table, rows]) => {
    need(rows.dtype === 'i32', `i32 rows wanted, ${rows.dtype} given`);
    return { shape: [...rows.shape, ...table.shape.slice(1)], dtype: table.dtype };
  },
  scatterRows: ([rows, x], { rows: count }) => {
    need(rows.dtype === 'i32' && rows.shape.length === 1 && rows.shape[0] === x.shape[0], `one i32 row number for each of ${printShape(x.shape)} wanted`);
    needF32([x]);
    return f32([count, ...x.shape.slice(1)]);
  },
  linearCrossEntropy: ([x, w, labels, b]) => {
    needReal(b === undefined ? [x, w] : [x, w, b]);
    needOneType([x, w]);
    need(b === undefined || sameShape(b.shape, w.shape.slice(0, 1)), `a bias of ${w.shape[0]} wanted`);
    need(x.shape.length === 2 && w.shape.length === 2 && x.shape[1] === w.shape[1], `${printShape(x.shape)} times ${printShape(w.shape)} transposed`);
    need(labels.dtype === 'i32' && sameShape(labels.shape, x.shape.slice(0, 1)), `one i32 label a row wanted`);
    return f32(labels.shape);
  },
  argMax: ([x]) => {
    needF32([x]);
    need(x.shape.length > 0, 'at least one axis wanted');
    return { shape: x.shape.slice(0, -1), dtype: 'i32' };
  },

  absMax: ([x]) => {
    needF32([x]);
    need(x.shape.length > 0, 'at least one axis wanted');
    return f32([...x.shape.slice(0, -1), 1]);
  },
  dynamicCode: ([x, scale]) => {
    needF32([x, scale]);
    needRowScale(x, scale);
    return { shape: x.shape, dtype: 'u8' };
  },
  dynamicValue: ([codes, scale]) => {
    needF32([scale]);
    need(codes.dtype === 'u8', `u8 codes wanted, ${codes.dtype} given`);
    needRowScale(codes, scale);
    return f32(codes.shape);
  },
};

/** NumPy's rule: aligned at the right, a dimension of 1 stretches. */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    need(x === y || x === 1 || y === 1, `${printShape(a)} and ${printShape(b)} do not broadcast`);
    return x === 1 ? y : x;
  });
}

/** The rows of `[..., C]` seen as `[rows, C]`. */
export function rowCount(shape: Shape): Dim {
  return mulDims(...shape.slice(0, -1));
}

function withDim(shape: Shape, axis: number, dim: Dim): Shape {
  need(axis >= 0 && axis < shape.length, `axis ${axis} is not of ${printShape(shape)}`);
  return shape.map((old, i) => (i === axis ? dim : old));
}

function needRowScale(x: Node, scale: Node): void {
  need(sameShape(scale.shape, [...x.shape.slice(0, -1), 1]), `a scale for each row of ${printShape(x.shape)} wanted, ${printShape(scale.shape)} given`);
}

function needReal(inputs: readonly Node[]): void {
  for (const { dtype } of inputs) need(isReal(dtype), `real numbers wanted, ${dtype} given`);
}

function needF32(inputs: readonly Node[]): void {
  for (const { dtype } of inputs) need(dtype === 'f32', `f32 wanted, ${dtype} given`);
}

/** The type of both; a single f32 takes that of 16 bits, itself unrounded. */
function common(a: Node, b: Node): DType {
  const single = ({ dtype, shape }: Node): boolean => dtype === 'f32' && shape.length === 0;
  if (isHalf(a.dtype) && single(b)) return a.dtype;
  if (isHalf(b.dtype) && single(a)) return b.dtype;
  needOneType([a, b]);
  return a.dtype;
}

function needOneType([a, b]: readonly [Node, Node]): void {
  need(a.dtype === b.dtype, `two of one type wanted, ${a.dtype} and ${b.dtype} given`);
}

function need(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new Error(sentence);
}
