import { isHalf, type DType, type NodeOf, type OpKind } from '../../graph/node.js';
import { rounded } from '../../util/half.js';
import { sizeOf } from '../../util/tensor.js';

/**
 * What real numbers are stored in between ops; those of 16 bits are rounded to them, or in `exact` stay as computed. Sums
 * within an op are always f64.
 */
export type Precision = 'f32' | 'f64' | 'exact';

export type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array;

/** A row-major array while a function runs. */
export interface Value {
  readonly shape: readonly number[];
  readonly data: Numbers;
}

/** Fills `out`, which comes zeroed and of the node's shape. */
export type Kernel<K extends OpKind> = (node: NodeOf<K>, inputs: readonly Value[], out: Value, precision: Precision) => void;
export type Kernels<K extends OpKind = OpKind> = { readonly [P in K]: Kernel<P> };

export function zeros(shape: readonly number[], dtype: DType, precision: Precision): Value {
  const size = sizeOf(shape);
  if (dtype === 'i32') return { shape, data: new Int32Array(size) };
  if (dtype === 'bool' || dtype === 'u8') return { shape, data: new Uint8Array(size) };
  return { shape, data: precision === 'f32' ? new Float32Array(size) : new Float64Array(size) };
}

/** Rounds real numbers to the 16 bits of their type. */
export function settle({ data }: Value, dtype: DType, precision: Precision): void {
  if (isHalf(dtype) && precision !== 'exact') data.forEach((value, i) => (data[i] = rounded(dtype, value)));
}

/** Row-major strides: [2, 3, 4] → [12, 4, 1]. */
export function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/**
 * For each element of an array of `shape`, in order: where it lies in memory that is walked with `strides`,
 * one a dimension (0 repeats).
 */
export function offsets(shape: readonly number[], strides: readonly number[]): Int32Array {
  const found = new Int32Array(sizeOf(shape));
  const index = shape.map(() => 0);
  let offset = 0;
  for (let i = 0; i < found.length; i++) {
    found[i] = offset;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      offset += strides[axis];
      if (++index[axis] < shape[axis]) break;
      offset -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return found;
}

/** For each element of `shape`: the element of `value` that NumPy broadcasting puts there. */
export function broadcastOffsets(value: Value, shape: readonly number[]): Int32Array {
  const lead = shape.length - value.shape.length;
  const strides = stridesOf(value.shape);
  return offsets(shape, shape.map((_, axis) => (axis < lead || value.shape[axis - lead] === 1 ? 0 : strides[axis - lead])));
}

/** The last dimension, and how many rows of it there are. */
export function rowsOf({ shape, data }: Value): { rows: number; width: number } {
  const width = shape.at(-1)!;
  return { rows: data.length / width, width };
}
