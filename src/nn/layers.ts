/**
 * The layers that hold parameters. A layer is plain data, named as its Hugging Face module; from it come its
 * parameters and its op, so that the two cannot disagree.
 */
import type { Builder } from '../graph/builder.js';
import type { Node, NodeOf } from '../graph/node.js';
import type { ParameterSpec } from './parameter.js';

/** y = x·W (+ b). */
export interface Linear {
  readonly module: string;
  readonly inputSize: number;
  readonly outputSize: number;
  readonly bias: boolean;
  /** The weight is stored [out, in], as torch.nn.Linear has it; else [in, out], as GPT-2's Conv1D. */
  readonly transposeW: boolean;
  /** Standard deviation of the random weight. */
  readonly std: number;
}

/** A table of `rows` vectors. */
export interface Embedding {
  readonly module: string;
  readonly rows: number;
  readonly width: number;
  readonly std: number;
}

/** LayerNorm (Ba et al., 2016, arXiv:1607.06450) or RMSNorm (Zhang and Sennrich, 2019, arXiv:1910.07467). */
export interface Norm {
  readonly module: string;
  readonly kind: 'layer' | 'rms';
  readonly width: number;
  readonly epsilon: number;
  /** The weight is kept as what it differs from 1 (Gemma). */
  readonly fromOne?: boolean;
}

/** [..., inputSize] → [..., outputSize] */
export function linear(g: Builder, x: Node, layer: Linear): Node {
  const bias = layer.bias ? g.variable(`${layer.module}.bias`, [layer.outputSize]) : undefined;
  return g.linear(x, g.variable(`${layer.module}.weight`, weightShape(layer)), { bias, transposeW: layer.transposeW });
}

export function linearParameters(layer: Linear): ParameterSpec[] {
  const weight: ParameterSpec = { name: `${layer.module}.weight`, shape: weightShape(layer), init: { kind: 'normal', std: layer.std }, decay: true };
  return layer.bias ? [weight, flat(`${layer.module}.bias`, layer.outputSize, 'zeros')] : [weight];
}

/** i32 ids [...] → [..., width] */
export function embedding(g: Builder, ids: Node, layer: Embedding): Node {
  return g.gatherRows(embeddingTable(g, layer), ids);
}

/** The table itself, [rows, width]: a tied head multiplies by it. */
export function embeddingTable(g: Builder, layer: Embedding): NodeOf<'variable'> {
  return g.variable(`${layer.module}.weight`, [layer.rows, layer.width]);
}

export function embeddingParameters(layer: Embedding): ParameterSpec[] {
  return [{ name: `${layer.module}.weight`, shape: [layer.rows, layer.width], init: { kind: 'normal', std: layer.std }, decay: true }];
}

/** [..., width] → [..., width] */
export function norm(g: Builder, x: Node, { module, kind, width, epsilon, fromOne = false }: Norm): Node {
  const weight = g.variable(`${module}.weight`, [width]);
  const gamma = fromOne ? g.add(weight, 1) : weight;
  return kind === 'rms' ? g.op('rmsNorm', [x, gamma], { epsilon }) : g.op('layerNorm', [x, gamma, g.variable(`${module}.bias`, [width])], { epsilon });
}

export function normParameters({ module, kind, width, fromOne = false }: Norm): ParameterSpec[] {
  const gamma = flat(`${module}.weight`, width, fromOne ? 'zeros' : 'ones');
  return kind === 'rms' ? [gamma] : [gamma, flat(`${module}.bias`, width, 'zeros')];
}

/** Biases and norm weights: vectors that are not decayed. */
function flat(name: string, size: number, kind: 'ones' | 'zeros'): ParameterSpec {
  return { name, shape: [size], init: { kind }, decay: false };
}

function weightShape({ inputSize, outputSize, transposeW }: Linear): [number, number] {
  return transposeW ? [outputSize, inputSize] : [inputSize, outputSize];
}
