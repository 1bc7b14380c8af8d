/** The inverse of `adapt.ts`, on weights: an adapter becomes part of the model it was made for. */
import type { LoraConfig } from '../config/schema.js';
import type { Tensor } from '../util/tensor.js';
import { loraScale, lowRank, savedName } from './init.js';
import { targetLinears, type Adaptable } from './targets.js';

export interface LowRankUpdate {
  readonly a: Tensor<'f32'>; // [r, in]
  readonly b: Tensor<'f32'>; // [out, r]
  readonly scale: number;
}

type ReadTensor = (name: string) => Tensor<'f32'>;

export interface TrainedAdapter {
  readonly config: LoraConfig;
  readonly tensors: ReadonlyMap<string, Tensor<'f32'>>;
}

/** The base model's weights with the adapter's updates in them, read one at a time. */
export function mergedWeights(model: Adaptable, { config, tensors }: TrainedAdapter, base: ReadTensor): ReadTensor {
  const scale = loraScale(config);
  const layers = new Map(targetLinears(model, config).map((layer) => [`${layer.module}.weight`, layer]));
  const tensor = (name: string): Tensor<'f32'> => {
    const value = tensors.get(name);
    if (value === undefined) throw new Error(`the adapter has no ${name}`);
    return value;
  };
  return (name) => {
    const layer = layers.get(name);
    if (layer === undefined) return tensors.get(savedName(name)) ?? base(name);
    const { a, b } = lowRank(layer, config);
    return mergeInto(base(name), { a: tensor(a.name), b: tensor(b.name), scale }, layer.transposeW);
  };
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
