import type { Tensor } from '../util/tensor.js';

export interface LowRankUpdate {
  readonly a: Tensor<'f32'>; // [r, in]
  readonly b: Tensor<'f32'>; // [out, r]
  readonly scale: number;
}

/** W + s·B·A in a new tensor; W is [out, in] with `transposeW`, else [in, out]. With −s it takes a merge back. */
export function mergeInto(weight: Tensor<'f32'>, { a, b, scale }: LowRankUpdate, transposeW: boolean): Tensor<'f32'> {
  const [rank, inputSize] = a.shape;
  const [outputSize] = b.shape;
  const [rowStep, columnStep] = transposeW ? [inputSize, 1] : [1, outputSize];
  const data = Float32Array.from(weight.data);
  const row = new Float64Array(inputSize);
  for (let o = 0; o < outputSize; o++) {
    row.fill(0);
    for (let k = 0; k < rank; k++) {
      const factor = b.data[o * rank + k];
      for (let i = 0; i < inputSize; i++) row[i] += factor * a.data[k * inputSize + i];
    }
    for (let i = 0; i < inputSize; i++) data[o * rowStep + i * columnStep] += scale * row[i];
  }
  return { dtype: 'f32', shape: weight.shape, data };
}
