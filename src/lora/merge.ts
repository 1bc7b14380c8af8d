/** The inverse of `adapt.ts`, on weights: an adapter becomes part of the model it was made for. */
import type { LoraConfig } from '../config/schema.js';
import type { ParameterSpec } from '../nn/parameter.js';
import { f32, type Tensor } from '../util/tensor.js';
import { squaredLengthsOf } from './dora.js';
import { adaptedLayers } from './layers.js';
import { savedName } from './names.js';
import type { Adaptable } from './targets.js';
import { untiedBy } from './whole.js';

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

/** The base model's weights with the adapter's updates in them, read one at a time; where it undid a tie, the head's too. */
export function mergedWeights(model: Adaptable, { config, tensors }: TrainedAdapter, base: ReadTensor): ReadTensor {
  const layers = new Map(adaptedLayers(model, config).map((layer) => [`${layer.linear.module}.weight`, layer]));
  const untied = untiedBy(model, config);
  const tensor = ({ name }: ParameterSpec): Tensor<'f32'> => {
    const value = tensors.get(name);
    if (value === undefined) throw new Error(`the adapter has no ${name}`);
    return value;
  };
  return (name) => {
    const layer = layers.get(name);
    if (layer === undefined) return tensors.get(savedName(name)) ?? base(name === untied?.head ? untied.embedding : name);
    const { linear, a, b, scale, magnitude } = layer;
    const merged = mergeInto(base(name), { a: tensor(a), b: tensor(b), scale }, linear.transposeW);
    if (magnitude === null) return merged;
    const lengths = squaredLengthsOf(merged, linear).data.map(Math.sqrt);
    return withLengths(merged, tensor(magnitude).data.map((m, row) => (lengths[row] === 0 ? 0 : m / lengths[row])), linear.transposeW);
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

/** Every row of W [out, in] times its own factor; W is [in, out] without `transposeW`. */
function withLengths({ shape, data }: Tensor<'f32'>, factors: Float32Array, transposeW: boolean): Tensor<'f32'> {
  const columns = shape[1];
  return f32(shape, data.map((value, at) => value * factors[transposeW ? Math.floor(at / columns) : at % columns]));
}
