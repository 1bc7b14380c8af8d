/** How ggml keeps numbers. */
import { halfBits } from '../../util/half.js';
import { narrowings } from '../../weights/dtype.js';

export type ElementType = 'f32' | 'f16' | 'q8_0';

interface Encoding {
  /** `ggml_type`. */
  readonly id: number;
  /** Values that are kept together; a row must be whole blocks. */
  readonly block: number;
  bytesOf(values: number): number;
  encode(values: Float32Array): Uint8Array;
}

const blockValues = 32;
const blockBytes = 2 + blockValues;

export const encodings: Readonly<Record<ElementType, Encoding>> = {
  f32: { id: 0, block: 1, bytesOf: (values) => 4 * values, encode: narrowings.f32.narrow },
  f16: { id: 1, block: 1, bytesOf: (values) => 2 * values, encode: narrowings.f16.narrow },
  q8_0: { id: 8, block: blockValues, bytesOf: (values) => (values / blockValues) * blockBytes, encode: quantized },
};

/**
 * Blocks of 32: d = max|x| / 127 as a half, and round(x / d) in 8 bits, with halves away from zero.
 * Source: ggml-quants.c, quantize_row_q8_0_ref; gguf-py, quants.py.
 */
function quantized(values: Float32Array): Uint8Array {
  const blocks = values.length / blockValues;
  const bytes = new Uint8Array(blocks * blockBytes);
  const view = new DataView(bytes.buffer);
  for (let b = 0; b < blocks; b++) {
    const block = values.subarray(b * blockValues, (b + 1) * blockValues);
    const largest = block.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const scale = Math.fround(largest / 127);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    view.setUint16(b * blockBytes, halfBits(scale), true);
    for (let i = 0; i < blockValues; i++) {
      const value = Math.fround(block[i] * inverse);
      view.setInt8(b * blockBytes + 2 + i, Math.sign(value) * Math.floor(Math.abs(value) + 0.5));
    }
  }
  return bytes;
}
