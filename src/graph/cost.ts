import { bytesOf, sizeOf } from '../util/tensor.js';
import { evaluateShape, type Bindings, type Shape } from './dims.js';
import { isHalf, type Fn, type Node, type NodeOf, type OpKind } from './node.js';
import { nodesOf } from './program.js';
import { isLeaf } from './shapes.js';
import { stretches } from './widening.js';

export interface Cost {
  /** Floating-point operations as the graph is written; an engine that shares more does fewer. */
  readonly flops: number;
  /** The most bytes of inputs, intermediate values and results at one time; variables are not counted. */
  readonly peakBytes: number;
}

/** What one call of a function costs with the symbols bound to these values. */
export function cost(fn: Fn, bindings: Bindings): Cost {
  const size: SizeOf = (shape) => sizeOf(evaluateShape(shape, bindings));
  const nodes = nodesOf(fn);
  return { flops: nodes.reduce((sum, node) => sum + flopsOf(node, size), 0), peakBytes: peakBytes(fn, nodes, size) };
}

type SizeOf = (shape: Shape) => number;
type FlopRule<K extends OpKind> = (node: NodeOf<K>, size: SizeOf) => number;

/** So many for each element of the result. */
const each = (flops: number) => (node: { readonly shape: Shape }, size: SizeOf): number => flops * size(node.shape);
/** Moves or names values, computes none. */
const none = each(0);

const flopRules: { readonly [K in OpKind]: FlopRule<K> } = {
  input: none,
  variable: none,
  constant: none,
  add: each(1),
  sub: each(1),
  mul: each(1),
  div: each(1),
  neg: each(1),
  exp: each(1),
  log: each(1),
  sqrt: each(1),
  sin: each(1),
  cos: each(1),
  tanh: each(1),
  sigmoid: each(3),
  erf: each(1),
  relu: each(1),
  silu: each(4),
  gelu: each(8),
  equal: each(1),
  lessEqual: each(1),
  and: each(1),
  where: each(1),
  cast: each(1),
  after: none,
  detach: none,
  reshape: none,
  transpose: none,
  broadcast: none,
  slice: none,
  pad: none,
  concat: none,
  reduceSum: ({ inputs: [x] }, size) => size(x.shape),
  // a multiplication and an addition for each term of each dot product
  linear: ({ inputs: [x], shape }, size) => 2 * size(shape) * size(x.shape.slice(-1)),
  linearQuantized: ({ inputs: [x, codes], shape, attrs: { bits } }, size) => 2 * size(shape) * size(x.shape.slice(-1)) + (2 * 8 * size(codes.shape)) / bits,
  matmul: ({ inputs: [a], attrs: { transposeA }, shape }, size) => 2 * size(shape) * size([a.shape.at(transposeA ? -2 : -1)!]),
  softmax: each(5),
  layerNorm: each(8),
  rmsNorm: each(5),
  rotary: each(3),
  gatherRows: none,
  scatterRows: ({ inputs: [, x] }, size) => size(x.shape),
  linearCrossEntropy: ({ inputs: [x, w] }, size) => size(x.shape.slice(0, 1)) * size(w.shape.slice(0, 1)) * (2 * size(x.shape.slice(1)) + 4),
  argMax: ({ inputs: [x] }, size) => size(x.shape),
  absMax: ({ inputs: [x] }, size) => 2 * size(x.shape),
  dynamicCode: each(6),
  dynamicValue: each(1),
};

function flopsOf<K extends OpKind>(node: NodeOf<K>, size: SizeOf): number {
  return flopRules[node.kind](node, size);
}

/**
 * Liveness in the order of ids, as an engine needs it that gives a value memory of its own when it is computed
 * and takes it back after the last use: inputs and results stay for the whole call, a reshape shares its
 * input's memory, nothing is overwritten in place.
 */
function peakBytes(fn: Fn, nodes: readonly Node[], size: SizeOf): number {
  const results = new Set([...Object.values(fn.outputs), ...Object.values(fn.updates)].map(memoryOf));
  const lastUse = new Map<Node, number>();
  nodes.forEach((node, i) => {
    for (const used of [node, ...node.inputs]) lastUse.set(memoryOf(used), i);
  });
  const dying: Node[][] = nodes.map(() => []);
  for (const [node, i] of lastUse) if (!isLeaf(node) && !results.has(node)) dying[i].push(node);
  const bytes = ({ shape, dtype }: Node): number => size(shape) * bytesOf[dtype];

  let live = fn.inputs.reduce((sum, input) => sum + bytes(input), 0);
  let peak = live;
  nodes.forEach((node, i) => {
    if (!isLeaf(node) && memoryOf(node) === node) live += bytes(node);
    peak = Math.max(peak, live + workspace(node, size));
    for (const dead of dying[i]) live -= bytes(dead);
  });
  return peak;
}

/** The node whose memory holds this value. */
function memoryOf(node: Node): Node {
  return node.kind === 'reshape' ? memoryOf(node.inputs[0]) : node;
}

/** Bytes an op needs besides its result. */
function workspace(node: Node, size: SizeOf): number {
  const inF32 = wideCopies(node, size);
  switch (node.kind) {
    case 'linearCrossEntropy': {
      const [x, w] = node.inputs;
      const logits = size([x.shape[0], w.shape[0]]); // [N, V]
      return 2 * logits * bytesOf.f32 + (isHalf(x.dtype) ? logits * bytesOf[x.dtype] : 0) + inF32; // the logits and their softmax, after those of 16 bits
    }
    case 'linearQuantized': {
      const elements = (8 * size(node.inputs[1].shape)) / node.attrs.bits;
      return elements * (bytesOf.f32 + (node.attrs.bits === 4 ? 2 * bytesOf.u8 : 0)) + inF32; // the weight, and its codes one a byte
    }
    default:
      return inF32;
  }
}

/** Only moved or named. */
const moving: ReadonlySet<OpKind> = new Set(['cast', 'after', 'detach', 'reshape', 'transpose', 'slice', 'concat', 'gatherRows', 'input', 'variable', 'constant']);

/**
 * What of 16 bits is computed in f32: copies of the inputs, and the result before it is rounded; of a variable so much as is widened at
 * a time, and of its bits too. A device with kernels of its own takes less.
 */
function wideCopies(node: Node, size: SizeOf): number {
  if (moving.has(node.kind)) return 0;
  const copied = (each: Node): number => {
    const count = stretches(each)?.length;
    if (count !== undefined) return (size(each.shape) * (bytesOf.f32 + 2 * bytesOf[each.dtype])) / count; // cut out, made numbers of, widened
    return size(each.shape) * (bytesOf.f32 + (each.kind === 'variable' ? bytesOf[each.dtype] : 0));
  };
  return [node, ...node.inputs].filter(({ dtype }) => isHalf(dtype)).reduce((sum, each) => sum + copied(each), 0);
}
