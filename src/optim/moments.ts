/** How an optimizer's moments are held: in full, or in 8 bits a number (Dettmers et al., 2022, arXiv:2110.02861). */
import type { Builder } from '../graph/builder.js';
import type { Node, Variable } from '../graph/node.js';
import { sizeOf } from '../util/tensor.js';

export type MomentDType = 'f32' | 'u8';

/** Elements that share a scale, and the least of a parameter whose moments are in codes; both as in bitsandbytes. */
export const blockSize = 256;
const leastInCodes = 4096;

/** One moment in codes: an element is the entry of its code times the scale of its block. */
interface CodedMoment {
  readonly codes: Variable; // u8 [blocks, 256]
  readonly scale: Variable; // f32 [blocks, 1]
  /** The first moment is; the second is never negative. */
  readonly signed: boolean;
}

/** The variables `<parameter>.exp_avg` and `.exp_avg_sq`; of a moment in codes, `.codes` and `.scale` of each. */
export type StoredMoments =
  | { readonly kind: 'whole'; readonly variables: readonly [Variable, Variable] }
  | { readonly kind: 'codes'; readonly variables: readonly Variable[]; readonly first: CodedMoment; readonly second: CodedMoment };

export function momentsOf({ name, shape }: { readonly name: string; readonly shape: readonly number[] }, dtype: MomentDType): StoredMoments {
  const size = sizeOf(shape);
  if (dtype === 'f32' || size < leastInCodes) return { kind: 'whole', variables: [whole(`${name}.exp_avg`, shape), whole(`${name}.exp_avg_sq`, shape)] };
  const blocks = Math.ceil(size / blockSize);
  const coded = (moment: string, signed: boolean): CodedMoment => ({
    codes: { name: `${moment}.codes`, dtype: 'u8', shape: [blocks, blockSize], role: 'moment' },
    scale: whole(`${moment}.scale`, [blocks, 1]),
    signed,
  });
  const [first, second] = [coded(`${name}.exp_avg`, true), coded(`${name}.exp_avg_sq`, false)];
  return { kind: 'codes', variables: [first.codes, first.scale, second.codes, second.scale], first, second };
}

/** The moment of some blocks, its last `elements % 256` the begin of the last block: f32 [elements]. */
export function readMoment(g: Builder, { codes, scale, signed }: CodedMoment, { blocks: [start, end], elements }: { readonly blocks: readonly [number, number]; readonly elements: number }): Node {
  const part = ({ name, shape, dtype }: Variable): Node => g.slice(g.variable(name, shape, dtype), 0, start, end);
  const values = g.op('dynamicValue', [part(codes), part(scale)], { signed }); // [blocks, 256]
  const padded = (end - start) * blockSize;
  const flat = g.reshape(values, [padded]);
  return elements === padded ? flat : g.slice(flat, 0, 0, elements);
}

/** Codes and scales of f32 [elements], by the names of their variables. */
export function writeMoment(g: Builder, { codes, scale, signed }: CodedMoment, moment: Node): Record<string, Node> {
  const elements = Number(moment.shape[0]);
  const missing = (blockSize - (elements % blockSize)) % blockSize;
  const padded = missing === 0 ? moment : g.op('pad', [moment], { axis: 0, before: 0, after: missing });
  const blocks = g.reshape(padded, [(elements + missing) / blockSize, blockSize]);
  const largest = g.op('absMax', [blocks], {});
  return { [codes.name]: g.op('dynamicCode', [blocks, largest], { signed }), [scale.name]: largest };
}

function whole(name: string, shape: readonly number[]): Variable {
  return { name, dtype: 'f32', shape, role: 'moment' };
}
