/** Every op of the graph in TensorFlow.js's words. */
import * as tf from '@tensorflow/tfjs-core';
import { codeLookup, dynamicTable, smallestScale } from '../../graph/codes.js';
import { evaluateDim, type Bindings } from '../../graph/dims.js';
import type { Attributes, DType, NodeOf, OpKind } from '../../graph/node.js';
import { tfType } from './host.js';
import { matmul } from './matmul.js';

/** What an op may know of the call it is run in. */
export interface Call {
  readonly bindings: Bindings;
  /** A new reference to what was fed. */
  feed(name: string): tf.Tensor;
  /** A new reference to what a variable holds. */
  variable(name: string): tf.Tensor;
}

/** The result's type: its shape with the call's numbers in it. */
interface Typed {
  readonly shape: number[];
  readonly dtype: DType;
}

interface Site<K extends OpKind> extends Typed, Call {
  readonly attrs: Attributes[K];
}

/** Gives a tensor that the caller owns; what it makes on the way is disposed of by the caller's `tf.tidy`. */
type Lowering<K extends OpKind> = (inputs: readonly tf.Tensor[], site: Site<K>) => tf.Tensor;

/** Runs one op. The result must be disposed of; the inputs are left alone. */
export function lower<K extends OpKind>(node: NodeOf<K>, inputs: readonly tf.Tensor[], call: Call): tf.Tensor {
  const shape = node.shape.map((dim) => evaluateDim(dim, call.bindings));
  const site = { ...call, attrs: node.attrs, shape, dtype: node.dtype };
  return tf.tidy(() => lowerings[node.kind](inputs, site));
}

const lowerings: { readonly [K in OpKind]: Lowering<K> } = {
  input: (_, { attrs, feed }) => feed(attrs.name),
  variable: (_, { attrs, variable }) => variable(attrs.name),
  constant: (_, { attrs, shape, dtype }) => tf.tensor([...attrs.values], shape, tfType(dtype)),

  add: ([a, b]) => tf.add(a, b),
  sub: ([a, b]) => tf.sub(a, b),
  mul: ([a, b]) => tf.mul(a, b),
  div: ([a, b]) => tf.div(a, b),
  neg: ([x]) => tf.neg(x),
  exp: ([x]) => tf.exp(x),
  log: ([x]) => tf.log(x),
  sqrt: ([x]) => tf.sqrt(x),
  sin: ([x]) => tf.sin(x),
  cos: ([x]) => tf.cos(x),
  tanh: ([x]) => tf.tanh(x),
  sigmoid: ([x]) => tf.sigmoid(x),
  erf: ([x]) => tf.erf(x),
  relu: ([x]) => tf.relu(x),
  // x·σ(x)
  silu: ([x]) => tf.mul(x, tf.sigmoid(x)),
  gelu: ([x], { attrs }) => tf.mul(tf.mul(x, 0.5), tf.add(attrs.approximate === 'tanh' ? tanhOfGelu(x) : tf.erf(tf.mul(x, Math.SQRT1_2)), 1)),
  equal: ([a, b]) => tf.equal(a, b),
  lessEqual: ([a, b]) => tf.lessEqual(a, b),
  and: ([a, b]) => tf.logicalAnd(a, b),
  // The wasm kernel reads four bytes an element whatever the type, so bools are chosen by logic: c∧a ∨ ¬c∧b.
  where: ([c, a, b], { dtype }) => (dtype === 'bool' ? tf.logicalOr(tf.logicalAnd(c, a), tf.logicalAnd(tf.logicalNot(c), b)) : tf.where(c, a, b)),
  // The wasm kernel makes a bool of the number's low byte: 0.5 and 256 would be false.
  cast: ([x], { attrs }) => (attrs.to === 'bool' && x.dtype !== 'bool' ? tf.notEqual(x, tf.zerosLike(x)) : tf.cast(x, tfType(attrs.to))),
  // Ops run in the order of the graph.
  after: ([x]) => x.clone(),
  detach: ([x]) => x.clone(),

  reshape: ([x], { shape }) => tf.reshape(x, shape),
  transpose: ([x], { attrs }) => tf.transpose(x, [...attrs.perm]),
  broadcast: ([x], { shape }) => tf.broadcastTo(x, shape),
  slice: ([x], { attrs: { axis, start }, shape }) => tf.slice(x, x.shape.map((_, i) => (i === axis ? start : 0)), shape),
  pad: ([x], { attrs: { axis, before, after } }) => tf.pad(x, x.shape.map((_, i): [number, number] => (i === axis ? [before, after] : [0, 0]))),
  concat: (inputs, { attrs }) => tf.concat([...inputs], attrs.axis),
  reduceSum: ([x], { attrs: { axes, keepDims } }) => (axes.length === 0 ? x.clone() : tf.sum(x, [...axes], keepDims)),

  linear: ([x, w, b], { attrs: { transposeW }, shape }) => {
    const rows = tf.reshape(x, [-1, x.shape.at(-1)!]); //                       [..., I] → [rows, I]
    const y = matmul(rows, w, { transposeA: false, transposeB: transposeW }); // [rows, O]
    return tf.reshape(b === undefined ? y : tf.add(y, b), shape);
  },
  linearQuantized: ([x, codes, scale, zero, b], { attrs: { bits, outputSize, transposeW }, shape }) => {
    // The wasm backend has no bit operations: ⌊c/16⌋ and c − 16·⌊c/16⌋, exact in f32.
    const whole = tf.cast(codes, 'float32');
    const high = tf.floor(tf.mul(whole, 1 / 16));
    const each = bits === 8 ? whole : tf.concat([tf.sub(whole, tf.mul(high, 16)), high], 0); // [blocks, block]
    const w = tf.mul(tf.sub(each, tf.reshape(tf.cast(zero, 'float32'), [-1, 1])), tf.reshape(scale, [-1, 1]));
    const y = matmul(tf.reshape(x, [-1, x.shape.at(-1)!]), tf.reshape(w, [outputSize, -1]), { transposeA: false, transposeB: transposeW });
    return tf.reshape(b === undefined ? y : tf.add(y, b), shape);
  },
  matmul: ([a, b], { attrs }) => matmul(a, b, attrs),

  softmax: ([x]) => tf.softmax(x),
  // (x − μ)/√(σ² + ε)·γ + β
  layerNorm: ([x, gamma, beta], { attrs: { epsilon } }) => {
    const centred = tf.sub(x, tf.mean(x, -1, true));
    return tf.add(tf.mul(tf.mul(centred, inverseRoot(centred, epsilon)), gamma), beta);
  },
  // x/√(mean(x²) + ε)·γ
  rmsNorm: ([x, gamma], { attrs: { epsilon } }) => tf.mul(tf.mul(x, inverseRoot(x, epsilon)), gamma),
  // (x₁, x₂) → (x₁·cos − x₂·sin, x₂·cos + x₁·sin) for each pair
  rotary: ([x, cos, sin], { attrs: { interleaved }, shape }) => {
    const [b, h, t, d] = shape;
    const [x1, x2] = interleaved ? tf.unstack(tf.reshape(x, [b, h, t, d / 2, 2]), 4) : tf.split(x, 2, 3); // [B,H,T,D/2]
    const y1 = tf.sub(tf.mul(x1, cos), tf.mul(x2, sin));
    const y2 = tf.add(tf.mul(x2, cos), tf.mul(x1, sin));
    return interleaved ? tf.reshape(tf.stack([y1, y2], 4), shape) : tf.concat([y1, y2], 3);
  },
  gatherRows: ([table, rows], { shape }) => tf.reshape(tf.gather(table, tf.reshape(rows, [-1])), shape),
  scatterRows: ([rows, x], { shape }) => tf.scatterND(tf.reshape(rows, [-1, 1]), x, shape),
  // log Σ exp(zᵢ) − (1 − ε)·z[label] − ε·mean(z), z = x·wᵀ + b
  linearCrossEntropy: ([x, w, labels, bias], { attrs: { softcap, smoothing = 0 } }) => {
    const product = matmul(x, w, { transposeA: false, transposeB: true }); // [N,V]
    const raw = bias === undefined ? product : tf.add(product, bias);
    const logits = softcap === undefined ? raw : tf.mul(tf.tanh(tf.div(raw, softcap)), softcap);
    const [n, v] = logits.shape;
    const places = tf.add(tf.mul(tf.range(0, n, 1, 'int32'), tf.scalar(v, 'int32')), labels);
    const chosen = tf.gather(tf.reshape(logits, [-1]), places);
    const aim = smoothing === 0 ? chosen : tf.add(tf.mul(chosen, 1 - smoothing), tf.mul(tf.mean(logits, -1), smoothing));
    return tf.sub(tf.logSumExp(logits, -1), aim);
  },
  argMax: ([x]) => tf.argMax(x, -1),

  absMax: ([x]) => tf.max(tf.abs(x), -1, true),
  dynamicCode: ([x, scale], { attrs: { signed } }) => {
    const { codes, origin } = codeLookup(signed);
    const share = tf.div(x, tf.maximum(scale, smallestScale));
    const magnitude = tf.sqrt(tf.sqrt(tf.abs(share)));
    const place = tf.mul(signed ? tf.where(tf.less(share, 0), tf.neg(magnitude), magnitude) : magnitude, codes.length - 1 - origin);
    return gathered(tf.tensor1d(Int32Array.from(codes), 'int32'), tf.floor(tf.add(place, origin + 0.5)));
  },
  dynamicValue: ([codes, scale], { attrs: { signed } }) => tf.mul(gathered(tf.tensor1d(dynamicTable(signed)), codes), scale),
};

/** Entries of a vector at the places [...] of another tensor. */
function gathered(entries: tf.Tensor1D, places: tf.Tensor): tf.Tensor {
  return tf.reshape(tf.gather(entries, tf.cast(tf.reshape(places, [-1]), 'int32')), places.shape);
}


/** tanh(√(2/π)·(x + 0.044715·x³)) */
function tanhOfGelu(x: tf.Tensor): tf.Tensor {
  const cubic = tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715));
  return tf.tanh(tf.mul(cubic, Math.sqrt(2 / Math.PI)));
}

/** 1/√(mean(x²) + ε) over the last axis, [..., C] → [..., 1]. */
function inverseRoot(x: tf.Tensor, epsilon: number): tf.Tensor {
  return tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon));
}
