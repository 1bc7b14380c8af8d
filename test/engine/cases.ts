/**
 * Op cases for every engine: at least one for each op, in odd sizes, with symbols that one executable meets
 * with several values. `check-case.ts` judges them; a new op does not compile until it has a row here.
 */
import type { EngineName } from '../../src/engine/contract.js';
import type { Builder } from '../../src/graph/builder.js';
import type { Bindings, Shape } from '../../src/graph/dims.js';
import type { DType, Node, OpKind } from '../../src/graph/node.js';
import type { Half } from '../../src/util/half.js';
import type { Random } from '../../src/util/random.js';

export interface Operand {
  readonly shape: Shape;
  readonly dtype: DType;
  /** One value; it may depend on what the symbols are bound to. */
  readonly draw: (random: Random, bindings: Bindings) => number;
  /** A variable of the program and not an input of the call. */
  readonly held: boolean;
}

export interface OpCase {
  readonly name: string;
  readonly operands: readonly Operand[];
  readonly build: (g: Builder, operands: readonly Node[]) => Node;
  /** Largest error of the result, as a share of its largest element. */
  readonly tolerance?: number;
  /** The same for each gradient. */
  readonly gradientTolerance?: number;
  /** Why there is no gradient to check, although the values are real. */
  readonly forwardOnly?: string;
  /** Why an engine does not run it. */
  readonly skip?: Partial<Readonly<Record<EngineName, string>>>;
}

/** At least one. */
type Cases = readonly [OpCase, ...OpCase[]];

/** What symbols are bound to, one call after the other. */
export const sizes: readonly Bindings[] = [
  { B: 2, T: 5, N: 11, P: 3 },
  { B: 3, T: 7, N: 5, P: 1 },
  { B: 1, T: 1, N: 1, P: 0 },
];

const real = (shape: Shape, draw: Operand['draw'] = (random) => random.normal()): Operand => ({ shape, dtype: 'f32', draw, held: false });
const held = (shape: readonly number[], draw?: Operand['draw']): Operand => ({ ...real(shape, draw), held: true });
const positive = (shape: Shape): Operand => real(shape, (random) => 0.1 + 3 * random.uniform());
const wide = (shape: Shape): Operand => real(shape, (random) => 30 * random.normal());
const integers = (shape: Shape, from = -5, to = 6): Operand => ({ shape, dtype: 'i32', draw: (random) => from + random.below(to - from), held: false });
const rows = (shape: Shape, count: number): Operand => integers(shape, 0, count);
/** Rows of [B·T, …]. */
const positions = (shape: Shape): Operand => ({ ...integers(shape), draw: (random, { B, T }) => random.below(B * T) });
const flags = (shape: Shape): Operand => ({ shape, dtype: 'bool', draw: (random) => random.below(2), held: false });

type Plain = 'add' | 'sub' | 'mul' | 'div' | 'neg' | 'exp' | 'log' | 'sqrt' | 'sin' | 'cos' | 'tanh' | 'sigmoid' | 'erf' | 'relu' | 'silu' | 'equal' | 'lessEqual' | 'and' | 'after' | 'detach' | 'softmax' | 'argMax' | 'absMax';

const op = (kind: Plain): OpCase['build'] => (g, operands) => g.op(kind, operands, {}) as Node;

const unary = (kind: Plain, operand: (shape: Shape) => Operand = real): Cases => [
  { name: 'matrix', operands: [operand([5, 7])], build: op(kind) },
  { name: 'symbols', operands: [operand(['B', 'T', 11])], build: op(kind) },
];

const binary = (kind: Plain, left: (shape: Shape) => Operand = real, right = left): Cases => [
  { name: 'one shape', operands: [left([5, 7]), right([5, 7])], build: op(kind) },
  { name: 'row', operands: [left(['B', 'T', 7]), right([7])], build: op(kind) },
  { name: 'column by row', operands: [left(['T', 1]), right([1, 'B'])], build: op(kind) },
  { name: 'scalar first', operands: [left([]), right(['B', 5])], build: op(kind) },
  { name: 'stretched inside', operands: [left(['B', 1, 'T', 3]), right(['B', 2, 'T', 1])], build: op(kind) },
];

const arithmetic = (kind: Plain): Cases => [...binary(kind), { name: 'integers', operands: [integers(['B', 5]), integers([5])], build: op(kind) }];

const gelu = (approximate: 'none' | 'tanh'): OpCase['build'] => (g, [x]) => g.op('gelu', [x], { approximate });
const cast = (from: Operand, to: DType): OpCase => ({ name: `${from.dtype} to ${to}`, operands: [from], build: (g, [x]) => g.cast(x, to), forwardOnly: 'one side is not real' });
const norm = (kind: 'layerNorm' | 'rmsNorm', epsilon: number): OpCase['build'] => (g, operands) => g.op(kind, operands, { epsilon });
const crossEntropy: OpCase['build'] = (g, operands) => g.op('linearCrossEntropy', operands, {});

const linear = (transposeW: boolean): Cases => {
  const w = transposeW ? [5, 7] : [7, 5]; // 7 → 5
  const build: OpCase['build'] = (g, [x, weight, bias]) => g.linear(x, weight, { bias, transposeW });
  const name = transposeW ? 'transposed' : 'straight';
  return [
    { name: `${name}, held weight and bias`, operands: [real(['B', 'T', 7]), held(w), held([5])], build },
    { name: `${name}, fed weight`, operands: [real(['N', 7]), real(w)], build },
    { name: `${name}, a single row`, operands: [real([7]), held(w), held([5])], build },
  ];
};

/** 6 → 10 and back, in blocks; those of 4 do not end with the rows of [10, 6]. */
const linearQuantized = (bits: 4 | 8): Cases => {
  const [blocks, block] = bits === 8 ? [15, 4] : [20, 3];
  const codes: Operand = { ...integers([(blocks * bits) / 8, block], 0, 256), dtype: 'u8', held: true };
  const zero: Operand = { ...integers([blocks], 0, bits === 8 ? 256 : 16), dtype: 'u8', held: true };
  const scale = Array.from({ length: blocks }, (_, i) => 0.01 * (1 + i));
  const build =
    (transposeW: boolean): OpCase['build'] =>
    (g, [x, c, z, bias]) =>
      g.op('linearQuantized', [x, c, g.constant(scale, [blocks]), z, ...(bias === undefined ? [] : [bias])], { bits, outputSize: 10, transposeW });
  return [
    { name: `${bits} bits, transposed`, operands: [real(['B', 'T', 6]), codes, zero, held([10])], build: build(true) },
    { name: `${bits} bits, straight`, operands: [real(['N', 10]), codes, zero], build: build(false) },
  ];
};

const matmul = (transposeA: boolean, transposeB: boolean): Cases => {
  const build: OpCase['build'] = (g, [a, b]) => g.matmul(a, b, { transposeA, transposeB });
  const flag = `${transposeA ? 'Aᵀ' : 'A'}·${transposeB ? 'Bᵀ' : 'B'}`;
  return [
    { name: `${flag}, matrices`, operands: [real(transposeA ? [7, 'N'] : ['N', 7]), real(transposeB ? [5, 7] : [7, 5])], build },
    { name: `${flag}, batched`, operands: [real(transposeA ? ['B', 2, 11, 'T'] : ['B', 2, 'T', 11]), real(transposeB ? ['B', 2, 'T', 11] : ['B', 2, 11, 'T'])], build },
  ];
};

const rotary = (interleaved: boolean): OpCase => ({
  name: interleaved ? 'neighbours' : 'halves',
  operands: [real(['B', 3, 'T', 10]), real(['B', 1, 'T', 5]), real(['B', 1, 'T', 5])],
  build: (g, operands) => g.op('rotary', operands, { interleaved }),
});

/** Through codes and back: seven decades, a row of zeros, the ends; at the middle of two entries either will do. */
const inCodes = (signed: boolean): OpCase => ({
  name: signed ? 'of both signs' : 'of one sign',
  operands: [real(['N', 11], (random) => random.normal() * 10 ** -random.below(8)), real([1, 11], () => 0)],
  build: (g, operands) => {
    const x = g.concat(operands, 0);
    const values = signed ? x : g.square(x);
    const scale = g.op('absMax', [values], {});
    return g.op('dynamicValue', [g.op('dynamicCode', [values, scale], { signed }), scale], { signed });
  },
  tolerance: 0.016, // the distance of the largest entries
  forwardOnly: 'nothing is derived through it',
});

const codesOf = (signed: boolean): OpCase => ({
  name: signed ? 'signed entries' : 'entries',
  operands: [{ ...integers([5, 7], 0, 256), dtype: 'u8', held: true }, positive([5, 1])],
  build: (g, operands) => g.op('dynamicValue', operands, { signed }),
  forwardOnly: 'nothing is derived through it',
});

const inFull: { readonly [K in OpKind]: Cases } = {
  input: [
    { name: 'handed through', operands: [real(['B', 7])], build: (_g, [x]) => x },
    { name: 'integers handed through', operands: [integers(['B', 7])], build: (_g, [x]) => x },
    { name: 'flags handed through', operands: [flags(['B', 7])], build: (_g, [x]) => x },
  ],
  variable: [{ name: 'read', operands: [held([5, 7])], build: (_g, [x]) => x }],
  constant: [
    { name: 'scalar', operands: [real(['B', 7])], build: (g, [x]) => g.add(x, 0.1) },
    { name: 'vector', operands: [real(['B', 3])], build: (g, [x]) => g.mul(x, g.constant([1, -2, 0.1], [3])) },
    { name: 'alone', operands: [], build: (g) => g.constant([1, 2, 3, 4, 5, 6], [2, 3], 'i32') },
  ],

  add: [...arithmetic('add'), { name: 'with itself', operands: [real(['B', 7])], build: (g, [x]) => g.add(x, x) }],
  sub: arithmetic('sub'),
  mul: [...arithmetic('mul'), { name: 'with itself', operands: [real(['B', 7])], build: (g, [x]) => g.square(x) }],
  div: binary('div', real, positive),
  neg: unary('neg'),
  exp: unary('exp'),
  log: unary('log', positive),
  sqrt: unary('sqrt', positive),
  sin: unary('sin'),
  cos: unary('cos'),
  tanh: [...unary('tanh'), { name: 'saturated', operands: [wide([5, 7])], build: op('tanh') }],
  sigmoid: [...unary('sigmoid'), { name: 'saturated', operands: [wide([5, 7])], build: op('sigmoid') }],
  erf: [...unary('erf'), { name: 'saturated', operands: [wide([5, 7])], build: op('erf') }],
  relu: unary('relu'),
  silu: [...unary('silu'), { name: 'saturated', operands: [wide([5, 7])], build: op('silu') }],
  gelu: [
    { name: 'exact', operands: [real(['B', 'T', 11])], build: gelu('none') },
    { name: 'exact, saturated', operands: [wide([5, 7])], build: gelu('none') },
    { name: 'tanh', operands: [real(['B', 'T', 11])], build: gelu('tanh') },
    { name: 'tanh, saturated', operands: [wide([5, 7])], build: gelu('tanh') },
  ],
  equal: binary('equal', integers),
  lessEqual: binary('lessEqual', integers),
  and: binary('and', flags),
  where: [
    { name: 'one shape', operands: [flags([5, 7]), real([5, 7]), real([5, 7])], build: (g, [c, a, b]) => g.where(c, a, b) },
    { name: 'attention mask', operands: [flags(['B', 1, 'T', 'T']), real(['B', 2, 'T', 'T'])], build: (g, [c, a]) => g.where(c, a, -100) },
    { name: 'everything stretched', operands: [flags(['T', 1]), real([1, 'B']), real([])], build: (g, [c, a, b]) => g.where(c, a, b) },
    { name: 'integers', operands: [flags(['B', 5]), integers(['B', 5]), integers([5])], build: (g, [c, a, b]) => g.where(c, a, b) },
  ],
  after: [
    { name: 'a gradient', operands: [real(['B', 'T', 7]), real(['B', 5])], build: op('after') },
    { name: 'infinity and what is no number', operands: [real(['B', 7]), real(['N'], () => Infinity), real(['N'], () => NaN)], build: (g, [x, y, z]) => g.op('after', [g.op('after', [x, y], {}), z], {}), forwardOnly: 'the judge takes slopes along its operands' },
  ],
  detach: [{ name: 'a matrix', operands: [real(['B', 'T', 7])], build: op('detach'), forwardOnly: 'nothing is derived through it' }],
  cast: [
    cast(wide(['B', 7]), 'i32'),
    cast(real(['B', 7], (random) => random.below(3) - 1), 'bool'),
    cast(integers(['B', 7]), 'f32'),
    cast(integers(['B', 7], -1, 2), 'bool'),
    cast(flags(['B', 7]), 'f32'),
    cast(flags(['B', 7]), 'i32'),
  ],

  reshape: [
    { name: 'heads', operands: [real(['B', 'T', 6])], build: (g, [x]) => g.reshape(x, ['B', 'T', 2, 3]) },
    { name: 'rows', operands: [real(['B', 'T', 7])], build: (g, [x]) => g.reshape(x, ['B*T', 7]) },
    { name: 'rows and back', operands: [real(['B', 'T', 7])], build: (g, [x]) => g.reshape(g.neg(g.reshape(x, ['B*T', 7])), ['B', 'T', 7]) },
    { name: 'integers to one row', operands: [integers(['B', 'T'])], build: (g, [x]) => g.reshape(x, ['B*T']) },
    { name: 'scalar to vector', operands: [real([])], build: (g, [x]) => g.reshape(x, [1]) },
  ],
  transpose: [
    { name: 'matrix', operands: [real([5, 7])], build: (g, [x]) => g.transpose(x, [1, 0]) },
    { name: 'heads first', operands: [real(['B', 'T', 2, 3])], build: (g, [x]) => g.transpose(x, [0, 2, 1, 3]) },
    { name: 'a cycle', operands: [real(['B', 'T', 5])], build: (g, [x]) => g.transpose(x, [2, 0, 1]) },
    { name: 'integers', operands: [integers(['B', 'T'])], build: (g, [x]) => g.transpose(x, [1, 0]) },
  ],
  broadcast: [
    { name: 'scalar', operands: [real([]), real(['B', 5])], build: (g, [x, y]) => g.mul(g.broadcast(x, ['B', 5]), y) },
    { name: 'row', operands: [real([7]), real(['B', 'T', 7])], build: (g, [x, y]) => g.mul(g.broadcast(x, ['B', 'T', 7]), y) },
    { name: 'inside', operands: [real(['B', 1, 'T'])], build: (g, [x]) => g.broadcast(x, ['B', 3, 'T']) },
    { name: 'flags', operands: [flags(['B', 1])], build: (g, [x]) => g.broadcast(x, ['B', 7]) },
  ],
  slice: [
    { name: 'first of an axis', operands: [real([7, 5])], build: (g, [x]) => g.slice(x, 0, 0, 3) },
    { name: 'inside', operands: [real(['B', 7, 'T'])], build: (g, [x]) => g.slice(x, 1, 2, 5) },
    { name: 'thirds, together', operands: [real(['B', 'T', 15])], build: (g, [x]) => g.mul(g.slice(x, 2, 0, 5), g.add(g.slice(x, 2, 5, 10), g.slice(x, 2, 10, 15))) },
    { name: 'overlapping', operands: [real(['B', 7])], build: (g, [x]) => g.mul(g.slice(x, 1, 0, 5), g.slice(x, 1, 2, 7)) },
    { name: 'integers', operands: [integers(['B', 7])], build: (g, [x]) => g.slice(x, 1, 1, 6) },
  ],
  pad: [
    { name: 'both ends', operands: [real(['B', 5, 'T'])], build: (g, [x]) => g.op('pad', [x], { axis: 1, before: 2, after: 3 }) },
    { name: 'last axis', operands: [real(['B', 5])], build: (g, [x]) => g.op('pad', [x], { axis: 1, before: 0, after: 1 }) },
    { name: 'a symbol', operands: [integers(['B', 'T'])], build: (g, [x]) => g.op('pad', [x], { axis: 1, before: 1, after: 0 }) },
  ],
  concat: [
    { name: 'last axis', operands: [real(['B', 5]), real(['B', 7]), real(['B', 1])], build: (g, operands) => g.concat(operands, 1) },
    { name: 'first axis', operands: [real([5, 'T']), real([7, 'T'])], build: (g, operands) => g.concat(operands, 0) },
    { name: 'with itself', operands: [real(['B', 5, 'T'])], build: (g, [x]) => g.concat([x, x], 1) },
    { name: 'key-value cache', operands: [real(['B', 2, 'P', 3]), real(['B', 2, 'T', 3])], build: (g, operands) => g.concat(operands, 2), forwardOnly: 'the axis has no fixed length' },
    { name: 'integers', operands: [integers(['B', 'P']), integers(['B', 'T'])], build: (g, operands) => g.concat(operands, 1) },
  ],
  reduceSum: [
    { name: 'first axis', operands: [real(['B', 7])], build: (g, [x]) => g.sum(x, [0]) },
    { name: 'last axis, kept', operands: [real(['B', 'T', 7])], build: (g, [x]) => g.sum(x, [2], true) },
    { name: 'outer axes', operands: [real(['B', 5, 'T'])], build: (g, [x]) => g.sum(x, [0, 2]) },
    { name: 'outer axes, kept', operands: [real(['B', 5, 'T'])], build: (g, [x]) => g.sum(x, [0, 2], true) },
    { name: 'all', operands: [real(['B', 5, 'T'])], build: (g, [x]) => g.sum(x, [0, 1, 2]) },
  ],

  linear: [
    ...linear(false),
    ...linear(true),
    { name: 'one weight both ways', operands: [real(['B', 'T', 7]), held([5, 7])], build: (g, [x, w]) => g.linear(g.linear(x, w, { transposeW: true }), w) },
  ],
  linearQuantized: [...linearQuantized(8), ...linearQuantized(4)],
  matmul: [...matmul(false, false), ...matmul(false, true), ...matmul(true, false), ...matmul(true, true)],

  softmax: [
    ...unary('softmax'),
    { name: 'attention', operands: [real(['B', 2, 'T', 'T'])], build: op('softmax') },
    { name: 'far apart', operands: [wide(['B', 'T', 7])], build: op('softmax') },
    { name: 'masked', operands: [real(['B', 'T', 'T']), flags(['B', 1, 'T'])], build: (g, [x, mask]) => g.softmax(g.where(mask, x, -1e9)) },
  ],
  layerNorm: [
    { name: 'held weights', operands: [real(['B', 'T', 11]), held([11]), held([11])], build: norm('layerNorm', 1e-5) },
    { name: 'large epsilon', operands: [real(['N', 5]), real([5]), real([5])], build: norm('layerNorm', 0.5) },
    // the mean's rounding error is 100 times that of the spread
    { name: 'far from zero', operands: [real(['N', 7], (random) => 100 + random.normal()), held([7]), held([7])], build: norm('layerNorm', 1e-5), tolerance: 1e-4, gradientTolerance: 1e-3 },
  ],
  rmsNorm: [
    { name: 'held weight', operands: [real(['B', 'T', 11]), held([11])], build: norm('rmsNorm', 1e-5) },
    { name: 'large epsilon', operands: [real(['N', 5]), real([5])], build: norm('rmsNorm', 0.5) },
  ],
  rotary: [rotary(false), rotary(true)],
  gatherRows: [
    { name: 'embedding', operands: [held([11, 3]), rows(['B', 'T'], 11)], build: (g, [table, ids]) => g.gatherRows(table, ids) },
    { name: 'label rows', operands: [real(['B', 'T', 5]), positions(['N'])], build: (g, [x, picked]) => g.gatherRows(g.reshape(x, ['B*T', 5]), picked) },
    { name: 'numbers', operands: [held([7]), rows(['N'], 7)], build: (g, [table, picked]) => g.gatherRows(table, picked) },
    { name: 'blocks', operands: [held([5, 2, 3]), rows(['N'], 5)], build: (g, [table, picked]) => g.gatherRows(table, picked) },
    { name: 'integers', operands: [integers([7, 2]), rows(['N'], 7)], build: (g, [table, picked]) => g.gatherRows(table, picked) },
  ],
  scatterRows: [
    { name: 'equal rows added', operands: [rows(['N'], 3), real(['N', 5])], build: (g, operands) => g.op('scatterRows', operands, { rows: 7 }) },
    { name: 'numbers', operands: [rows(['N'], 5), real(['N'])], build: (g, operands) => g.op('scatterRows', operands, { rows: 5 }) },
    { name: 'blocks', operands: [rows(['N'], 5), real(['N', 2, 3])], build: (g, operands) => g.op('scatterRows', operands, { rows: 5 }) },
  ],
  linearCrossEntropy: [
    { name: 'held head', operands: [real(['N', 7]), held([11, 7]), rows(['N'], 11)], build: crossEntropy },
    // logits of several hundred, whose rounding shows in the probabilities
    { name: 'sure of itself', operands: [wide(['N', 5]), real([7, 5], (random) => 5 * random.normal()), rows(['N'], 7)], build: crossEntropy, gradientTolerance: 1e-4 },
    { name: 'with a bias', operands: [real(['N', 7]), held([11, 7]), rows(['N'], 11), held([11])], build: crossEntropy },
    { name: 'capped', operands: [real(['N', 7]), held([11, 7]), rows(['N'], 11)], build: (g, operands) => g.op('linearCrossEntropy', operands, { softcap: 1.5 }) },
    { name: 'capped, with a bias', operands: [real(['N', 7]), real([11, 7]), rows(['N'], 11), real([11])], build: (g, operands) => g.op('linearCrossEntropy', operands, { softcap: 3 }) },
    { name: 'smoothed', operands: [real(['N', 7]), held([11, 7]), rows(['N'], 11), held([11])], build: (g, operands) => g.op('linearCrossEntropy', operands, { smoothing: 0.3 }) },
    { name: 'smoothed and capped', operands: [real(['N', 7]), real([11, 7]), rows(['N'], 11)], build: (g, operands) => g.op('linearCrossEntropy', operands, { softcap: 1.5, smoothing: 0.1 }) },
    {
      name: 'head tied with the embedding',
      operands: [held([11, 7]), rows(['N'], 11), rows(['N'], 11)],
      build: (g, [w, ids, labels]) => g.op('linearCrossEntropy', [g.gatherRows(w, ids), w, labels], {}),
    },
  ],
  argMax: [
    { name: 'logits', operands: [real(['B', 'T', 11])], build: op('argMax') },
    { name: 'the first of equals', operands: [real(['B', 11], (random) => random.below(3))], build: op('argMax') },
  ],

  absMax: [
    { name: 'rows', operands: [real(['B', 'T', 7])], build: op('absMax'), forwardOnly: 'nothing is derived through it' },
    { name: 'zeros', operands: [real(['N', 5], () => 0)], build: op('absMax'), forwardOnly: 'nothing is derived through it' },
  ],
  dynamicCode: [inCodes(true), inCodes(false)],
  dynamicValue: [codesOf(true), codesOf(false)],
};

/** Ops that give numbers of 16 bits, and how many of their operands are then (others stay f32). */
const halved: Partial<Readonly<Record<OpKind, number>>> = {
  variable: 1, constant: 1, add: 2, sub: 2, mul: 2, div: 2, neg: 1, tanh: 1, sigmoid: 1, relu: 1, silu: 1, gelu: 1, where: 3, after: 2, detach: 1, cast: 1,
  reshape: 1, transpose: 1, broadcast: 2, slice: 1, pad: 1, concat: 3, linear: 2, linearQuantized: 1, matmul: 2, softmax: 1, rotary: 1, gatherRows: 1, linearCrossEntropy: 2,
};

/** Steps between numbers of the type, as a share of the number; results may differ by two (a card rounds a product, and it with its bias), gradients by what several add up to. */
const steps: { readonly [H in Half]: number } = { f16: 2 ** -10, bf16: 2 ** -7 };

/** The first case of an op in 16 bits: its matrices are held in them, what is fed is cast. */
function inHalf(kind: string, half: Half, [opCase]: Cases): OpCase[] {
  const count = halved[kind as OpKind];
  if (count === undefined) return [];
  const [widest] = kind === 'cast' ? [cast(wide(['B', 7]), half)] : [opCase];
  const operands = widest.operands.map((operand, i) => (i < count && operand.held && operand.dtype === 'f32' ? { ...operand, dtype: half } : operand));
  const build: OpCase['build'] = (g, nodes) => g.cast(widest.build(g, nodes.map((node, i) => (i < count && node.dtype === 'f32' ? g.cast(node, half) : node))), 'f32');
  return [{ ...widest, name: `${widest.name}, in ${half}`, operands, build, tolerance: 2 * steps[half], gradientTolerance: 4 * steps[half] }];
}

export const cases = Object.fromEntries(Object.entries(inFull).map(([kind, list]) => [kind, [...list, ...inHalf(kind, 'f16', list), ...inHalf(kind, 'bf16', list)]])) as unknown as typeof inFull;
