/**
 * Frozen weights in 8 or 4 bits, and back. A weight is [O, I], an output a row; `codes`, `scale` and `zero` are those of
 * the graph's `linearQuantized`: W[k] ≈ scale·(code − zero) of the block that element k lies in.
 */
import { f32, u8, type Tensor } from '../util/tensor.js';

/** Elements of a block of 4-bit codes: 4 + 40/32 bits a weight with scale and zero. */
export const int4Block = 32;

export interface Quantized {
  readonly codes: Tensor<'u8'>;
  readonly scale: Tensor<'f32'>; // [blocks]
  readonly zero: Tensor<'u8'>; //   [blocks]
}

/**
 * A row a block: s = max|w|/127, code = round(w/s) + 128 (LLM.int8(), Dettmers et al., 2022, arXiv:2208.07339 §2.1;
 * `int8_vectorwise_quant` of bitsandbytes, whose codes are signed).
 */
export function quantizeInt8({ shape, data }: Tensor<'f32'>): Quantized {
  const [rows, width] = shape;
  const codes = u8(shape);
  const scale = f32([rows]);
  for (let row = 0; row < rows; row++) {
    let largest = 0;
    for (let k = row * width; k < (row + 1) * width; k++) largest = Math.max(largest, Math.abs(data[k]));
    scale.data[row] = largest === 0 ? 1 : largest / 127;
    for (let k = row * width; k < (row + 1) * width; k++) codes.data[k] = clamp(Math.round(data[k] / scale.data[row]) + 128, 255);
  }
  return { codes, scale, zero: u8([rows], new Uint8Array(rows).fill(128)) };
}

/**
 * Blocks of 32 of a row, from their least to their largest value (0 among them): s = (max − min)/15, zero = round(−min/s),
 * code = round(w/s) + zero. Two codes a byte, as `linearQuantized` has them. I is a multiple of 32.
 */
export function quantizeInt4({ data }: Tensor<'f32'>): Quantized {
  const blocks = data.length / int4Block;
  const half = Math.ceil(blocks / 2);
  const codes = u8([half, int4Block]);
  const scale = f32([blocks]);
  const zero = u8([blocks]);
  for (let block = 0; block < blocks; block++) {
    const start = block * int4Block;
    let least = 0;
    let largest = 0;
    for (let k = start; k < start + int4Block; k++) {
      least = Math.min(least, data[k]);
      largest = Math.max(largest, data[k]);
    }
    const step = (scale.data[block] = largest === least ? 1 : (largest - least) / 15);
    const at = (zero.data[block] = clamp(Math.round(-least / scale.data[block]), 15));
    const [place, shift] = block < half ? [start, 0] : [start - half * int4Block, 4];
    for (let i = 0; i < int4Block; i++) codes.data[place + i] |= clamp(Math.round(data[start + i] / Math.fround(step)) + at, 15) << shift;
  }
  return { codes, scale, zero };
}

/** The weight [O, I] that codes stand for. */
export function dequantize({ codes, scale, zero }: Quantized, shape: readonly number[], bits: 4 | 8): Tensor<'f32'> {
  const weight = f32(shape);
  const block = codes.shape[1];
  const half = weight.data.length / 2;
  for (let k = 0; k < weight.data.length; k++) {
    const code = bits === 8 ? codes.data[k] : k < half ? codes.data[k] & 15 : codes.data[k - half] >> 4;
    const at = Math.floor(k / block);
    weight.data[k] = scale.data[at] * (code - zero.data[at]);
  }
  return weight;
}

/** The `count` columns of [O, I] with the largest elements, in order. */
export function outlierColumns({ shape: [rows, width], data }: Tensor<'f32'>, count: number): number[] {
  const largest = new Float32Array(width);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++) largest[column] = Math.max(largest[column], Math.abs(data[row * width + column]));
  }
  const order = Array.from(largest.keys()).sort((a, b) => largest[b] - largest[a] || a - b);
  return order.slice(0, count).sort((a, b) => a - b);
}

/** [R, C] → [C, R] */
export function transposed({ shape: [rows, columns], data }: Tensor<'f32'>): Tensor<'f32'> {
  const turned = f32([columns, rows]);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) turned.data[c * rows + r] = data[r * columns + c];
  return turned;
}

function clamp(value: number, largest: number): number {
  return Math.min(largest, Math.max(0, value));
}
