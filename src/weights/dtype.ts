/** Element types of safetensors files, and their values as f32. Files and this machine are little-endian. */
import { narrowed, widened } from '../util/half.js';

/** Bytes an element, for every type a file may declare. */
export const elementBytes: Readonly<Record<string, number>> = {
  F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1, F8_E4M3: 1, F8_E5M2: 1,
};

/** Widens 16-bit floats into `into`; exact, since every one of them is an f32 too. */
export type Widen = (bits: Uint16Array, into: Float32Array) => void;

export const widenings: Readonly<Record<string, Widen>> = {
  BF16: (bits, into) => widened('bf16', bits, into),
  F16: (bits, into) => widened('f16', bits, into),
};

/** f32 as it is stored in a file. */
interface Narrowing {
  /** The type's name in a safetensors header. */
  readonly name: string;
  /** As Transformers' config names it. */
  readonly torch: string;
  readonly bytes: number;
  narrow(values: Float32Array): Uint8Array;
}

export const narrowings = {
  f32: { name: 'F32', torch: 'float32', bytes: 4, narrow: (values) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength) },
  f16: { name: 'F16', torch: 'float16', bytes: 2, narrow: (values) => new Uint8Array(narrowed('f16', values).buffer) },
  bf16: { name: 'BF16', torch: 'bfloat16', bytes: 2, narrow: (values) => new Uint8Array(narrowed('bf16', values).buffer) },
} as const satisfies Readonly<Record<string, Narrowing>>;
