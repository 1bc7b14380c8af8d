/** Weights of 16 bits where a device has no products in them: so much of one is widened to f32 at a time. */
import { isHalf, type Node } from './node.js';
import { sizeOf } from '../util/tensor.js';

/** Elements: 16 MB in f32. More at a time makes a product no faster. */
const widenedAtATime = 1 << 22;

/** Rows `[start, end)` of a matrix. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Which rows of a held weight are widened together, all of about one number; null where all of it is. */
export function stretches({ kind, dtype, shape }: Pick<Node, 'kind' | 'dtype' | 'shape'>): readonly Stretch[] | null {
  if (kind !== 'variable' || !isHalf(dtype) || shape.length !== 2) return null;
  const [rows, columns] = shape.map(Number);
  const count = Math.min(rows, Math.ceil(sizeOf([rows, columns]) / widenedAtATime));
  if (count < 2) return null;
  const length = Math.ceil(rows / count);
  return Array.from({ length: Math.ceil(rows / length) }, (_, i) => ({ start: i * length, end: Math.min(rows, (i + 1) * length) }));
}
