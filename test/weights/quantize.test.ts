/** Codes against bitsandbytes' and NumPy's; the golden numbers are made by make_quantized_golden.py. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/util/random.js';
import { f32 } from '../../src/util/tensor.js';
import { dequantize, outlierColumns, quantizeInt4, quantizeInt8, transposed } from '../../src/weights/quantize.js';

interface Golden {
  readonly shape: number[];
  readonly weight: number[];
  readonly int8: { readonly codes: number[]; readonly dequantized: number[] };
  readonly int4: { readonly codes: number[]; readonly zero: number[]; readonly dequantized: number[] };
}

const golden = JSON.parse(readFileSync(new URL('quantized.golden.json', import.meta.url), 'utf8')) as Golden;
const weight = f32(golden.shape, golden.weight);

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])));
}

describe('8 bits', () => {
  it("are bitsandbytes' codes, from 128", () => {
    const quantized = quantizeInt8(weight);
    expect([...quantized.codes.data]).toEqual(golden.int8.codes);
    expect(largestDifference(dequantize(quantized, golden.shape, 8).data, golden.int8.dequantized)).toBeLessThan(1e-7);
  });

  it('find the columns with outliers', () => {
    expect(outlierColumns(weight, 1)).toEqual([5]);
    expect(outlierColumns(f32([2, 4], [0, 3, 0, 0, 0, 0, 0, -4]), 2)).toEqual([1, 3]);
  });
});

describe('4 bits', () => {
  it("are NumPy's codes, two a byte", () => {
    const quantized = quantizeInt4(weight);
    const bytes = [...quantized.codes.data];
    expect([...bytes.map((byte) => byte & 15), ...bytes.map((byte) => byte >> 4)]).toEqual(golden.int4.codes);
    expect([...quantized.zero.data]).toEqual(golden.int4.zero);
    expect(largestDifference(dequantize(quantized, golden.shape, 4).data, golden.int4.dequantized)).toBeLessThan(1e-7);
  });
});

describe('the error of normal weights', () => {
  const random = new Random('quantize');
  const normal = f32([64, 256], Array.from({ length: 64 * 256 }, () => random.normal()));
  const rootMeanSquare = (values: ArrayLike<number>) => Math.sqrt(Array.from(values, (v) => v * v).reduce((a, b) => a + b) / values.length);
  const errorOf = (values: ArrayLike<number>) => rootMeanSquare(Array.from(values, (v, i) => v - normal.data[i])) / rootMeanSquare(normal.data);

  // A step s rounds with an error of s/√12: s is about 3σ/127 in a row of 256, and 4.1σ/15 in a block of 32.
  it('is 0.7 % in 8 bits', () => expect(errorOf(dequantize(quantizeInt8(normal), normal.shape, 8).data)).toBeCloseTo(0.007, 3));
  it('is 8 % in 4 bits', () => expect(errorOf(dequantize(quantizeInt4(normal), normal.shape, 4).data)).toBeCloseTo(0.08, 2));
});

it('turns a weight round', () => {
  expect(transposed(f32([2, 3], [1, 2, 3, 4, 5, 6]))).toEqual(f32([3, 2], [1, 4, 2, 5, 3, 6]));
});
