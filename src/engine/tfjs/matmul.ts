import * as tf from '@tensorflow/tfjs-core';

interface Transposes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/**
 * a [..., M, K] · b [..., K, N] → [..., M, N], either of them stored transposed.
 *
 * The wasm backend has fast loops (XNNPACK) for plain operands only: a transposed copy first is ten times
 * faster there. The other backends read an operand transposed at no cost.
 */
export function matmul(a: tf.Tensor, b: tf.Tensor, { transposeA, transposeB }: Transposes): tf.Tensor {
  if (tf.getBackend() !== 'wasm') return tf.matMul(a, b, transposeA, transposeB);
  return tf.matMul(transposeA ? swapped(a) : a, transposeB ? swapped(b) : b);
}

/** [..., M, N] → [..., N, M] */
function swapped(x: tf.Tensor): tf.Tensor {
  const axes = x.shape.map((_, axis) => axis);
  return tf.transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
}
