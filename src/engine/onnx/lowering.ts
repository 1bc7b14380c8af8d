import { rowCount } from '../../graph/shapes.js';
import { codeLookup, dynamicTable, smallestScale } from '../../graph/codes.js';
import { sameShape, sizeDim, type Shape } from '../../graph/dims.js';
import { isHalf, type NodeOf, type OpKind } from '../../graph/node.js';
import { sizeOf } from '../../util/tensor.js';
import { float, int, ints, text, type Attribute, type Emitter, type Value } from './emitter.js';
import { castTo } from './half.js';
import { factor, gemm, product, whole, type Factor } from './product.js';
import { elementType } from './proto.js';

/** Emits one op of the graph; the inputs are its inputs' values, in order. */
type Lowering<K extends OpKind> = (e: Emitter, node: NodeOf<K>, inputs: readonly Value[]) => Value;
type PlainLowering = (e: Emitter, node: { readonly kind: OpKind }, inputs: readonly Value[]) => Value;

export const feedName = (name: string): Value => `feed/${name}`;
export const variableName = (name: string): Value => `variable/${name}`;

/** An op of ONNX with the same meaning and the same inputs. */
const same = (opType: string): PlainLowering => (e, _node, inputs) => e.op(opType, inputs);

export const lowerings: { readonly [K in OpKind]: Lowering<K> } = {
  input: (_e, { attrs }) => feedName(attrs.name),
  variable: (_e, { attrs }) => variableName(attrs.name),
  constant: (e, { attrs, shape, dtype }) => {
    const dims = shape.filter((dim) => typeof dim === 'number');
    if (dims.length === shape.length && attrs.values.length === sizeOf(dims)) return e.constant(attrs.values, dims, dtype);
    return e.op('Expand', [e.constant(attrs.values, [], dtype), e.shape(shape)]);
  },

  add: (e, { inputs: [a, b], shape }, values) => {
    // Rows that are scattered over zeros and then added to a table are added to it at once: there is one table less.
    const place = [a, b].findIndex(({ kind }) => kind === 'scatterRows');
    const scattered = place < 0 ? undefined : e.producer(values[place]);
    if (scattered?.opType !== 'ScatterElements' || !sameShape([a, b][1 - place].shape, shape)) return e.op('Add', values);
    const [, places, x] = scattered.input;
    return e.op('ScatterElements', [values[1 - place], places, x], { attributes: { axis: int(0), reduction: text('add') } });
  },
  sub: same('Sub'),
  mul: same('Mul'),
  div: same('Div'),
  neg: same('Neg'),
  exp: same('Exp'),
  log: same('Log'),
  sqrt: same('Sqrt'),
  sin: same('Sin'),
  cos: same('Cos'),
  tanh: same('Tanh'),
  sigmoid: same('Sigmoid'),
  erf: same('Erf'),
  relu: same('Relu'),
  silu: (e, _node, [x]) => e.op('Mul', [x, e.op('Sigmoid', [x])]),
  gelu: (e, { attrs }, [x]) => e.op('Gelu', [x], { attributes: { approximate: text(attrs.approximate) } }),
  equal: same('Equal'),
  lessEqual: same('LessOrEqual'),
  and: same('And'),
  where: same('Where'),
  cast: (e, { attrs }, [x]) => castTo(e, x, attrs.to),
  after: (e, { dtype, inputs: [, { dtype: ofGate }] }, [x, gate]) => {
    // x − 0 with a zero that is made of the gate: no number, not even NaN, is greater than infinity.
    const first = e.op('Gather', [e.op('Reshape', [gate, e.int64s([-1])]), e.constant([0], [], 'i32')], { attributes: { axis: int(0) } });
    const above = e.op('Greater', [isHalf(ofGate) ? castTo(e, first, 'f32') : first, e.scalar(Infinity)]);
    if (!isHalf(dtype)) return e.op('Sub', [x, castTo(e, above, 'f32')]);
    // Of 16 bits: the shape it has, plus that zero.
    const zero = e.op('Cast', [above], { attributes: { to: int(elementType.i64) } });
    return e.op('Reshape', [x, e.op('Add', [e.op('Shape', [x]), zero])]);
  },
  detach: same('Identity'),

  reshape: (e, { inputs: [source], shape }, [x]) => reshape(e, { value: x, shape: source.shape }, shape),
  transpose: (e, { attrs }, [x]) => transpose(e, x, attrs.perm),
  broadcast: (e, { inputs: [source], shape }, [x]) => {
    // Expand stretches where its input has 1, so a dimension that is there already may be given as 1.
    const given = source.shape.slice(-shape.length);
    const lead = shape.length - given.length;
    return e.op('Expand', [x, e.shape(shape.map((dim, i) => (i >= lead && given[i - lead] === dim ? 1 : dim)))]);
  },
  slice: (e, { attrs: { axis, start, end } }, [x]) => slice(e, x, { axis, start, end }),
  pad: (e, { attrs: { axis, before, after }, shape, dtype }, [x]) => {
    const amounts = [before, after].flatMap((amount) => shape.map((_, i) => (i === axis ? amount : 0)));
    return e.op('Pad', [x, e.int64s(amounts), e.constant([0], [], dtype)]);
  },
  concat: (e, { attrs }, inputs) => e.op('Concat', inputs, { attributes: { axis: int(attrs.axis) } }),
  reduceSum: (e, { attrs: { axes, keepDims } }, [x]) =>
    axes.length === 0 ? x : e.op('ReduceSum', [x, e.int64s(axes)], { attributes: { keepdims: int(keepDims ? 1 : 0) } }),

  linear: (e, node, values) => linear(e, node, values.map((value, i) => factor(node.inputs[i], value))),
  linearQuantized: (e, node, [x, codes, scale, zero, bias]) => {
    const w = whole(dequantized(e, node, [codes, scale, zero]), 'f32'); // [O, I]
    const operands = [whole(x, node.dtype), w];
    return linear(e, node, bias === undefined ? operands : [...operands, whole(bias, node.inputs[4].dtype)]);
  },
  matmul: (e, { attrs: { transposeA, transposeB }, shape, dtype }, [a, b]) => {
    if (shape.length === 2) return gemm(e, [a, b].map((value) => whole(value, dtype)), { transposeA, transposeB });
    const operands = [transposeA ? swapLast(e, a, shape.length) : a, transposeB ? swapLast(e, b, shape.length) : b];
    return product(e, 'MatMul', operands.map((value) => whole(value, dtype)));
  },

  softmax: (e, _node, [x]) => softmax(e, x),
  layerNorm: (e, { attrs, shape }, [x, gamma, beta]) => {
    // WebGPU's kernel takes σ² as mean(x²) − μ², which is lost in rounding where μ² ≫ σ²; a centred x has μ = 0.
    const input = e.device === 'webgpu' ? centred(e, x, shape) : x;
    return e.op('LayerNormalization', [input, gamma, beta], { attributes: { axis: int(-1), epsilon: float(attrs.epsilon) } });
  },
  // In no ONNX standard, but with a kernel on every provider of ONNX Runtime.
  rmsNorm: (e, { attrs }, inputs) => e.op('SimplifiedLayerNormalization', inputs, { attributes: { axis: int(-1), epsilon: float(attrs.epsilon), stash_type: int(1) } }),
  rotary: (e, { attrs, inputs: [{ shape }] }, [x, cos, sin]) => {
    const size = Number(shape[3]);
    const half = (k: 0 | 1): Value => (attrs.interleaved ? slice(e, x, { axis: 3, start: k, end: size, step: 2 }) : slice(e, x, { axis: 3, start: (k * size) / 2, end: ((k + 1) * size) / 2 }));
    const a = half(0);
    const b = half(1);
    // (a, b) → (a·cos − b·sin, b·cos + a·sin)
    const rotated = [
      e.op('Sub', [e.op('Mul', [a, cos]), e.op('Mul', [b, sin])]),
      e.op('Add', [e.op('Mul', [b, cos]), e.op('Mul', [a, sin])]),
    ];
    if (!attrs.interleaved) return e.op('Concat', rotated, { attributes: { axis: int(3) } });
    const pairs = rotated.map((part) => e.op('Unsqueeze', [part, e.int64s([4])])); // [B, H, T, D/2, 1]
    return e.op('Reshape', [e.op('Concat', pairs, { attributes: { axis: int(4) } }), e.int64s([0, 0, 0, size])]);
  },
  gatherRows: (e, _node, [table, rows]) => e.op('Gather', [table, rows], { attributes: { axis: int(0) } }),
  scatterRows: (e, { shape, inputs: [, source] }, [rows, x]) => {
    // ScatterElements adds in order; ScatterND adds in parallel, and loses some where rows are equal.
    const zeros = e.op('Expand', [e.scalar(0), e.shape(shape)]);
    const column = e.op('Reshape', [rows, e.int64s([-1, ...shape.slice(1).map(() => 1)])]); // [N] → [N, 1, ...]
    const places = e.op('Expand', [column, e.shape(source.shape)]); //                        → [N, ...]
    return e.op('ScatterElements', [zeros, places, x], { attributes: { axis: int(0), reduction: text('add') } });
  },
  linearCrossEntropy: (e, { attrs: { softcap, smoothing = 0 }, inputs: [rowsNode, weightNode, , biasNode] }, [x, w, labels, bias]) => {
    const operands = [factor(rowsNode, x), factor(weightNode, w)];
    const z = gemm(e, bias === undefined ? operands : [...operands, factor(biasNode, bias)], { transposeB: true }); // [N, V]
    const raw = isHalf(rowsNode.dtype) ? castTo(e, z, 'f32') : z;
    const logits = softcap === undefined ? raw : e.op('Mul', [e.op('Tanh', [e.op('Div', [raw, e.scalar(softcap)])]), e.scalar(softcap)]);
    // log Σ exp z = max z − log max softmax(z), and max softmax(z) ≥ 1/V cannot underflow.
    const logSum = e.op('Sub', [largest(e, logits), e.op('Log', [largest(e, softmax(e, logits))])]); // [N, 1]
    const column = e.op('Unsqueeze', [labels, e.int64s([1])]); // [N, 1]
    const chosen = e.op('GatherElements', [logits, column], { attributes: { axis: int(1) } });
    if (smoothing === 0) return e.op('Squeeze', [e.op('Sub', [logSum, chosen]), e.int64s([1])]);
    const mean = e.op('ReduceMean', [logits, e.int64s([1])], { attributes: { keepdims: int(1) } });
    const aim = e.op('Add', [e.op('Mul', [chosen, e.scalar(1 - smoothing)]), e.op('Mul', [mean, e.scalar(smoothing)])]);
    return e.op('Squeeze', [e.op('Sub', [logSum, aim]), e.int64s([1])]);
  },
  argMax: (e, _node, [x]) => {
    const index = e.op('ArgMax', [x], { attributes: { axis: int(-1), keepdims: int(0) } });
    return e.op('Cast', [index], { attributes: { to: int(elementType.i32) } });
  },

  absMax: (e, _node, [x]) => largest(e, e.op('Abs', [x])),
  dynamicCode: (e, { attrs: { signed }, shape }, [x, scale]) => {
    const { codes, origin } = codeLookup(signed);
    const share = e.op('Div', [x, e.op('Max', [scale, e.scalar(smallestScale)])]);
    const magnitude = e.op('Sqrt', [e.op('Sqrt', [signed ? e.op('Abs', [share]) : share])]);
    const root = signed ? e.op('Where', [e.op('Less', [share, e.scalar(0)]), e.op('Neg', [magnitude]), magnitude]) : magnitude;
    const place = e.op('Mul', [root, e.scalar(codes.length - 1 - origin)]);
    const index = e.op('Cast', [e.op('Add', [place, e.scalar(origin + 0.5)])], { attributes: { to: int(elementType.i32) } });
    return entriesAt(e, { table: e.constant([...codes], [1, codes.length], 'u8'), size: codes.length }, { value: index, shape });
  },
  dynamicValue: (e, { attrs: { signed }, shape }, [codes, scale]) => {
    const index = e.op('Cast', [codes], { attributes: { to: int(elementType.i32) } });
    const table = e.constant([...dynamicTable(signed)], [1, 256], 'f32');
    return e.op('Mul', [entriesAt(e, { table, size: 256 }, { value: index, shape }), scale]);
  },
};

/** Rows of one lookup, each for whichever thread is free. */
const lookupRows = 16;

/**
 * The entries of a table [1, size] at indices, in their shape. On the CPU by GatherElements, which takes 0.6 of the time that
 * Gather's copies of single elements do; it wants the table once for each row of indices.
 */
function entriesAt(e: Emitter, { table, size }: { readonly table: Value; readonly size: number }, index: { readonly value: Value; readonly shape: Shape }): Value {
  const count = index.shape.every((dim) => typeof dim === 'number') ? sizeOf(index.shape.map(Number)) : 0;
  if (e.device !== 'cpu' || count === 0 || count % lookupRows !== 0 || count < lookupRows * size) {
    return e.op('Gather', [e.op('Reshape', [table, e.int64s([-1])]), index.value], { attributes: { axis: int(0) } });
  }
  const tables = e.op('Expand', [table, e.int64s([lookupRows, size])]);
  const rows = reshape(e, index, [lookupRows, count / lookupRows]);
  return reshape(e, { value: e.op('GatherElements', [tables, rows], { attributes: { axis: int(1) } }), shape: [lookupRows, count / lookupRows] }, index.shape);
}

/** x·w (+ b) over all rows of x. */
function linear(e: Emitter, { inputs: [source], attrs, shape }: NodeOf<'linear' | 'linearQuantized'>, [x, ...rest]: readonly Factor[]): Value {
  const inner = source.shape.slice(-1);
  const rows = reshape(e, { value: x.value, shape: source.shape }, [rowCount(source.shape), ...inner]); // [..., I] → [rows, I]
  const y = gemm(e, [{ ...x, value: rows }, ...rest], { transposeB: attrs.transposeW });
  return reshape(e, { value: y, shape: [rowCount(shape), ...shape.slice(-1)] }, shape); // [rows, O] → [..., O]
}

/**
 * The weight [O, I] for one product. Blocks are rows here and codes whole bytes, because ONNX Runtime's kernel for one
 * scale a row of bytes is five times as fast as those for 4 bits and for blocks inside a row.
 */
function dequantized(e: Emitter, { attrs: { bits, outputSize } }: NodeOf<'linearQuantized'>, [codes, scale, zero]: readonly Value[]): Value {
  const apart = (opType: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}): Value => e.op(opType, inputs, { attributes, apart: true });
  const bytes = (): Value => {
    const low = apart('BitwiseAnd', [codes, e.constant([15], [1], 'u8')]);
    const high = apart('BitShift', [codes, e.constant([4], [1], 'u8')], { direction: text('RIGHT') });
    return apart('Concat', [low, high], { axis: int(0) });
  };
  const blocks = apart('DequantizeLinear', [bits === 8 ? codes : bytes(), scale, zero], { axis: int(0) });
  return apart('Reshape', [blocks, e.int64s([outputSize, -1])]);
}


function softmax(e: Emitter, x: Value): Value {
  return e.op('Softmax', [x], { attributes: { axis: int(-1) } });
}

/** x − mean(x) over the last axis, in the words of the norm's gradient, so that both are computed once. */
function centred(e: Emitter, x: Value, shape: Shape): Value {
  const sum = e.op('ReduceSum', [x, e.int64s([shape.length - 1])], { attributes: { keepdims: int(1) } });
  return e.op('Sub', [x, e.op('Mul', [sum, e.scalar(1 / Number(shape.at(-1)))])]);
}

function largest(e: Emitter, x: Value): Value {
  return e.op('ReduceMax', [x, e.int64s([-1])], { attributes: { keepdims: int(1) } });
}

function slice(e: Emitter, x: Value, { axis, start, end, step = 1 }: { axis: number; start: number; end: number; step?: number }): Value {
  return e.op('Slice', [x, ...[start, end, axis, step].map((bound) => e.int64s([bound]))]);
}

/** Two transpositions in a row are one, and none where they undo each other. */
function transpose(e: Emitter, x: Value, perm: readonly number[]): Value {
  const before = e.producer(x);
  const inner = before?.opType === 'Transpose' ? before.attribute[0].ints : undefined;
  const [source, whole] = before !== undefined && inner !== undefined ? [before.input[0], perm.map((axis) => inner[axis])] : [x, perm];
  return whole.every((axis, i) => axis === i) ? source : e.op('Transpose', [source], { attributes: { perm: ints(whole) } });
}

/** [..., M, N] → [..., N, M] */
function swapLast(e: Emitter, x: Value, rank: number): Value {
  const perm = Array.from({ length: rank }, (_, i) => i);
  return transpose(e, x, [...perm.slice(0, -2), rank - 1, rank - 2]);
}

function reshape(e: Emitter, x: { value: Value; shape: Shape }, shape: Shape): Value {
  if (shape.length === x.shape.length && shape.every((dim, i) => dim === x.shape[i])) return x.value;
  const target = literalShape(x.shape, shape);
  return e.op('Reshape', [x.value, target === null ? e.shape(shape) : e.int64s(target)]);
}

/** The target in Reshape's own words, 0 for "as it was" and -1 for "what is left"; null where they do not suffice. */
function literalShape(from: Shape, to: Shape): number[] | null {
  if (to.some((dim) => dim === 0) || sizeDim(to) === 0) return null;
  const words = to.map((dim, i) => (typeof dim === 'number' ? dim : dim === from[i] ? 0 : -1));
  return words.filter((word) => word === -1).length <= 1 ? words : null;
}
