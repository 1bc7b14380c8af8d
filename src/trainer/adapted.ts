/** What a program with an adapter holds that no file has: made of the base's weights, as the program holds those. */
import type { LoraConfig } from '../config/schema.js';
import { squaredLengths, squaredLengthsOf } from '../lora/dora.js';
import { adaptedLayers } from '../lora/layers.js';
import { mergedWeights, mergeInto, type TrainedAdapter } from '../lora/merge.js';
import { untiedBy } from '../lora/whole.js';
import type { Model } from '../models/contract.js';
import { withOwnHead } from '../models/registry.js';
import { rounded } from '../util/half.js';
import { f32, type Tensor } from '../util/tensor.js';
import { asQuantized } from './quantized.js';
import type { Tuning } from './tuning.js';

type ByName = (name: string) => Tensor<'f32'>;

/**
 * `weights`, and beside them a head that has parted from its embedding, and the lengths of the rows of DoRA's weights: squared, and as
 * the magnitudes that leave a weight as it is.
 */
export function withAdapterStart(model: Model, config: LoraConfig, tuning: Tuning, weights: ByName): ByName {
  const untied = untiedBy(model, config);
  const held = asHeld(tuning, weights);
  const known = new Map<string, Tensor<'f32'>>(); // small, and wanted twice
  const made = new Map<string, () => Tensor<'f32'>>();
  if (untied !== null) made.set(untied.head, () => weights(untied.embedding));
  for (const { linear, magnitude } of adaptedLayers(model, config)) {
    if (magnitude === null) continue;
    const { name } = squaredLengths(linear);
    const squared = (): Tensor<'f32'> => {
      const value = known.get(name) ?? squaredLengthsOf(held(`${linear.module}.weight`), linear);
      known.set(name, value);
      return value;
    };
    made.set(name, squared);
    made.set(magnitude.name, () => rootsOf(squared()));
  }
  return (name) => made.get(name)?.() ?? weights(name);
}

/** DoRA's magnitudes where A and B are both drawn: the lengths of the rows of W + s·B·A, as PEFT has them; by name. */
export function drawnMagnitudes(model: Model, config: LoraConfig, tuning: Tuning, { weights, drawn }: { readonly weights: ByName; readonly drawn: ByName }): ReadonlyMap<string, () => Tensor<'f32'>> {
  const held = asHeld(tuning, weights);
  return new Map(
    adaptedLayers(model, config).flatMap(({ linear, a, b, scale, magnitude }) => {
      if (magnitude === null) return [];
      const adapted = (): Tensor<'f32'> => mergeInto(held(`${linear.module}.weight`), { a: drawn(a.name), b: drawn(b.name), scale }, linear.transposeW);
      return [[magnitude.name, () => rootsOf(squaredLengthsOf(adapted(), linear))]];
    }),
  );
}

/** The frozen weights of linear maps as a program holds them: in codes, in 16 bits, or as they were read. */
function asHeld({ quantized, half }: Tuning, weights: ByName): ByName {
  const plain: ByName = half === null ? weights : (name) => {
    const { shape, data } = weights(name);
    return f32(shape, data.map((value) => rounded(half, value)));
  };
  if (quantized === null) return plain;
  const inCodes = new Set(quantized.layers.map(({ module }) => `${module}.weight`));
  const codes = asQuantized(quantized, weights);
  return (name) => (inCodes.has(name) ? codes(name) : plain(name));
}

function rootsOf({ shape, data }: Tensor<'f32'>): Tensor<'f32'> {
  return f32(shape, data.map(Math.sqrt));
}

/** The model that an adapter makes of its base, and its weights, read one at a time. */
export function mergedModel(model: Model, adapter: TrainedAdapter, base: ByName): { model: Model; read: ByName } {
  return { model: untiedBy(model, adapter.config) === null ? model : withOwnHead(model), read: mergedWeights(model, adapter, base) };
}
