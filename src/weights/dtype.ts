/** Element types of safetensors files, and their values as f32. Files and this machine are little-endian. */

/** Bytes an element, for every type a file may declare. */
export const elementBytes: Readonly<Record<string, number>> = {
  F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1, F8_E4M3: 1, F8_E5M2: 1,
};

/** Widens 16-bit floats into `into`; exact, since every one of them is an f32 too. */
export type Widen = (bits: Uint16Array, into: Float32Array) => void;

export const widenings: Readonly<Record<string, Widen>> = {
  BF16: (bits, into) => {
    const words = new Uint32Array(into.buffer, into.byteOffset, into.length);
    for (let i = 0; i < bits.length; i++) words[i] = bits[i] << 16; // the upper half of an f32
  },
  F16: (bits, into) => {
    const table = halfTable();
    for (let i = 0; i < bits.length; i++) into[i] = table[bits[i]];
  },
};

let halves: Float32Array | null = null;

/** All 65,536 half-precision values (IEEE 754 binary16), made at first use. */
function halfTable(): Float32Array {
  halves ??= Float32Array.from({ length: 0x10000 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
  return halves;
}

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
  f16: { name: 'F16', torch: 'float16', bytes: 2, narrow: (values) => new Uint8Array(Uint16Array.from(values, halfBits).buffer) },
  bf16: { name: 'BF16', torch: 'bfloat16', bytes: 2, narrow: (values) => new Uint8Array(Uint16Array.from(values, brainBits).buffer) },
} as const satisfies Readonly<Record<string, Narrowing>>;

const word = new Float32Array(1);
const bits = new Uint32Array(word.buffer);

/** The nearest half-precision number (IEEE 754 binary16), ties to even; from 65520 on infinity. */
export function halfBits(value: number): number {
  word[0] = value;
  const sign = (bits[0] >>> 16) & 0x8000;
  const magnitude = bits[0] & 0x7fffffff;
  if (magnitude >= 0x7f800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) return sign | roundedEven(Math.abs(word[0]) * 2 ** 24); // below 2⁻¹⁴: steps of 2⁻²⁴
  const rebiased = magnitude - 0x38000000; // exponent bias 127 → 15
  return sign | ((rebiased + 0x0fff + ((rebiased >>> 13) & 1)) >>> 13);
}

/** The nearest bfloat16, ties to even. */
export function brainBits(value: number): number {
  word[0] = value;
  if (Number.isNaN(value)) return 0x7fc0;
  return (bits[0] + 0x7fff + ((bits[0] >>> 16) & 1)) >>> 16;
}

function roundedEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
