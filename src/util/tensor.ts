import { narrowed, widened, type Half } from './half.js';

/**
 * Element types of a tensor in host memory. `bool` is one byte an element, 0 or 1; `u8` holds codes of quantised weights;
 * `f16` and `bf16` are held as their bits.
 */
export type HostDType = 'f32' | 'i32' | 'bool' | 'u8' | Half;

export const bytesOf: { readonly [D in HostDType]: number } = { f32: 4, i32: 4, bool: 1, u8: 1, f16: 2, bf16: 2 };

interface HostData {
  f32: Float32Array;
  i32: Int32Array;
  bool: Uint8Array;
  u8: Uint8Array;
  f16: Uint16Array;
  bf16: Uint16Array;
}

/** A dense row-major array in host memory, tagged with its element type. */
export type Tensor<D extends HostDType = HostDType> = {
  [K in D]: { readonly dtype: K; readonly shape: readonly number[]; readonly data: HostData[K] };
}[D];

/** The number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

export function f32(shape: readonly number[], data?: ArrayLike<number>): Tensor<'f32'> {
  return { dtype: 'f32', shape, data: checked(shape, data ? Float32Array.from(data) : new Float32Array(sizeOf(shape))) };
}

export function i32(shape: readonly number[], data?: ArrayLike<number>): Tensor<'i32'> {
  return { dtype: 'i32', shape, data: checked(shape, data ? Int32Array.from(data) : new Int32Array(sizeOf(shape))) };
}

export function bool(shape: readonly number[], data?: ArrayLike<number>): Tensor<'bool'> {
  return { dtype: 'bool', shape, data: checked(shape, data ? Uint8Array.from(data) : new Uint8Array(sizeOf(shape))) };
}

export function u8(shape: readonly number[], data?: ArrayLike<number>): Tensor<'u8'> {
  return { dtype: 'u8', shape, data: checked(shape, data ? Uint8Array.from(data) : new Uint8Array(sizeOf(shape))) };
}

/** Real numbers in 16 bits, each the nearest of its type. */
export function half(dtype: Half, shape: readonly number[], values: ArrayLike<number>): Tensor<Half> {
  return { dtype, shape, data: checked(shape, narrowed(dtype, values)) };
}

/** The values of a tensor as they are counted with: bits of 16 widened. */
export function numbersOf(tensor: Tensor): Exclude<Tensor['data'], Uint16Array> {
  return tensor.dtype === 'f16' || tensor.dtype === 'bf16' ? widened(tensor.dtype, tensor.data) : tensor.data;
}

/** A scalar of shape []. */
export function scalar(value: number): Tensor<'f32'> {
  return f32([], [value]);
}

function checked<A extends { length: number }>(shape: readonly number[], data: A): A {
  if (data.length !== sizeOf(shape)) throw new Error(`tensor of shape [${shape.join(', ')}] given ${data.length} elements`);
  return data;
}
