/**
 * Products of matrices. Of 16 bits they are computed in f32 where the device has no other, and rounded: a weight is widened for
 * the one product that reads it, and a large one by stretches of its rows, so that it is never there in f32 as a whole.
 *
 *   x·Wᵀ   the columns of the result that each stretch gives, side by side
 *   x·W    what each stretch adds to the result, in f32
 */
import { isHalf, type DType, type Node } from '../../graph/node.js';
import { stretches, type Stretch } from '../../graph/widening.js';
import type { Half } from '../../util/half.js';
import { int, type Attribute, type Emitter, type Value } from './emitter.js';
import { castTo, computesHalf, fromBits, widened } from './half.js';

/** What a product reads; the first says in what type the result is. */
export interface Factor {
  readonly value: Value;
  readonly dtype: DType;
  /** Of a weight [R, C]: which rows are widened at a time; null where that is all of them. */
  readonly stretches: readonly Stretch[] | null;
}

export function factor(node: Node, value: Value): Factor {
  return { value, dtype: node.dtype, stretches: stretches(node) };
}

export function whole(value: Value, dtype: DType): Factor {
  return { value, dtype, stretches: null };
}

/** a·b (+ bias) of matrices; ONNX Runtime reads a transposed operand in place. */
export function gemm(e: Emitter, factors: readonly Factor[], { transposeA = false, transposeB = false }): Value {
  return product(e, 'Gemm', factors, { transA: int(transposeA ? 1 : 0), transB: int(transposeB ? 1 : 0) });
}

/** Of 16 bits, in them where the device can, else in f32; the logits of the loss and those of its gradient are one product there too. */
export function product(e: Emitter, opType: 'Gemm' | 'MatMul', factors: readonly Factor[], attributes: Readonly<Record<string, Attribute>> = {}): Value {
  const [{ dtype }, weight] = factors;
  const values = factors.map(({ value }) => value);
  if (!isHalf(dtype)) return e.op(opType, values, { attributes });
  if (computesHalf(e.device)) return e.op(opType, factors.map((each) => (each.dtype === dtype ? each.value : castTo(e, each.value, dtype))), { attributes });
  const wide = (): Value => e.op(opType, factors.map((each) => widened(e, each.value, each.dtype)), { attributes });
  const key = JSON.stringify([opType, values.map((value) => heldAs(e, value)), attributes, dtype]);
  return e.once(key, () => {
    if (weight.stretches === null) return castTo(e, wide(), dtype);
    return attributes['transB'].i === 1 ? sideBySide(e, factors, { attributes, dtype, stretches: weight.stretches }) : summed(e, factors, { attributes, dtype, stretches: weight.stretches });
  });
}

interface Stretched {
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly dtype: Half;
  readonly stretches: readonly Stretch[];
}

/** x [N, C]·Wᵀ (+ bias [R]): [N, R]. */
function sideBySide(e: Emitter, [x, weight, bias]: readonly Factor[], { attributes, dtype, stretches: all }: Stretched): Value {
  const wide = widened(e, x.value, x.dtype);
  const columns = all.map((stretch) => {
    const own = bias === undefined ? [] : [widened(e, rowsOf(e, bias.value, stretch, 0), bias.dtype)];
    return castTo(e, e.op('Gemm', [wide, widenedRows(e, weight, stretch), ...own], { attributes }), dtype);
  });
  return e.op('Concat', columns, { attributes: { axis: int(1) } });
}

/** x [N, R]·W (+ bias [C]): [N, C]. The stretches of x come first in the file: ONNX Runtime makes each right before its product then (see order.ts). */
function summed(e: Emitter, [x, weight, bias]: readonly Factor[], { attributes, dtype, stretches: all }: Stretched): Value {
  const parts = all.map((stretch) => widened(e, rowsOf(e, x.value, stretch, 1), x.dtype));
  const first = bias === undefined ? [] : [widened(e, bias.value, bias.dtype)];
  const sum = parts.reduce<readonly Value[]>((before, part, i) => [e.op('Gemm', [part, widenedRows(e, weight, all[i]), ...before], { attributes })], first);
  return castTo(e, sum[0], dtype);
}

function rowsOf(e: Emitter, value: Value, { start, end }: Stretch, axis: number): Value {
  return e.op('Slice', [value, ...[start, end, axis].map((bound) => e.int64s([bound]))], { apart: true });
}

function widenedRows(e: Emitter, { value, dtype }: Factor, stretch: Stretch): Value {
  const held = heldAs(e, value);
  const rows = rowsOf(e, held, stretch, 0);
  return castTo(e, held === value || dtype !== 'bf16' ? rows : fromBits(e, rows, dtype), 'f32', true);
}

/** A variable that is fed as bits, before each use makes numbers of them. */
function heldAs(e: Emitter, value: Value): Value {
  const made = e.producer(value);
  return made?.opType === 'BitCast' ? made.input[0] : value;
}
