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
