import * as tf from '@tensorflow/tfjs-core';
import { isHalf, type DType } from '../../graph/node.js';
import type { Half } from '../../util/half.js';
import { bytesOf, sizeOf, type Tensor } from '../../util/tensor.js';

/** What TensorFlow.js has of the graph's element types: no real numbers of 16 bits. */
type Known = Exclude<DType, Half>;

/** In its words, which has no bytes. */
const tfTypes = { f32: 'float32', i32: 'int32', bool: 'bool', u8: 'int32' } as const satisfies Record<Known, tf.DataType>;

export function tfType(dtype: DType): (typeof tfTypes)[Known] {
  if (isHalf(dtype)) throw new Error(`TensorFlow.js has no ${dtype}`);
  return tfTypes[dtype];
}

/** Onto the current backend. The values are copied: some backends keep the very array they are given. */
export function toDevice({ dtype, shape, data }: Tensor): tf.Tensor {
  return tf.tensor(data.slice(), [...shape], tfType(dtype));
}

/** Back into memory of the caller's own. Converted too: the plain backend leaves a cast's values as they were. */
export function toHost(tensor: tf.Tensor, dtype: DType): Tensor {
  const { shape } = tensor;
  const values = tensor.dataSync();
  switch (dtype) {
    case 'f32':
      return { dtype, shape, data: new Float32Array(values) };
    case 'i32':
      return { dtype, shape, data: new Int32Array(values) };
    case 'bool':
      return { dtype, shape, data: new Uint8Array(values) };
    case 'u8':
      return { dtype, shape, data: new Uint8Array(values) };
    case 'f16':
    case 'bf16':
      throw new Error(`TensorFlow.js has no ${dtype}`);
  }
}

export function byteLength({ dtype, shape }: { readonly dtype: DType; readonly shape: readonly number[] }): number {
  return sizeOf(shape) * (dtype === 'bool' ? bytesOf.bool : bytesOf.f32);
}
