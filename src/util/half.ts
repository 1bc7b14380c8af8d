/** Numbers of 16 bits, as their bits: IEEE 754 binary16 (`f16`) and the upper half of an f32 (`bf16`). */

export type Half = 'f16' | 'bf16';

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

/** The nearest numbers of the type, as their bits. */
export function narrowed(type: Half, values: ArrayLike<number>): Uint16Array {
  const into = new Uint16Array(values.length);
  const bitsOf = type === 'f16' ? halfBits : brainBits;
  for (let i = 0; i < into.length; i++) into[i] = bitsOf(values[i]);
  return into;
}

/** Exact, since every number of 16 bits is an f32 too. */
export function widened(type: Half, from: Uint16Array, into: Float32Array = new Float32Array(from.length)): Float32Array {
  if (type === 'bf16') {
    const words = new Uint32Array(into.buffer, into.byteOffset, into.length);
    for (let i = 0; i < from.length; i++) words[i] = from[i] << 16;
  } else {
    const table = halfTable();
    for (let i = 0; i < from.length; i++) into[i] = table[from[i]];
  }
  return into;
}

/** The nearest number of the type. */
export function rounded(type: Half, value: number): number {
  if (type === 'f16') return halfTable()[halfBits(value)];
  bits[0] = brainBits(value) << 16;
  return word[0];
}

let halves: Float32Array | null = null;

/** All 65,536 values of binary16, made at first use. */
function halfTable(): Float32Array {
  halves ??= Float32Array.from({ length: 0x10000 }, (_, pattern) => {
    const sign = pattern & 0x8000 ? -1 : 1;
    const exponent = (pattern >> 10) & 0x1f;
    const fraction = pattern & 0x3ff;
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
  return halves;
}
