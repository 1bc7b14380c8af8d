/** What a program with an adapter holds that no file has: made of the base's weights, as the program holds those. */
import type { LoraConfig } from '../config/schema.js';
import { squaredLengths, squaredLengthsOf } from '../lora/dora.js';
import { adaptedLayers } from '../lora/layers.js';
import { mergedWeights, type TrainedAdapter } from '../lora/merge.js';
import { untiedBy } from '../lora/whole.js';
import type { Model } from '../models/contract.js';
import { withOwnHead } from '../models/registry.js';
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
  const held = tuning.quantized === null ? weights : asQuantized(tuning.quantized, weights);
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
    made.set(magnitude.name, () => f32(magnitude.shape, squared().data.map(Math.sqrt)));
  }
  return (name) => made.get(name)?.() ?? weights(name);
}

/** The model that an adapter makes of its base, and its weights, read one at a time. */
export function mergedModel(model: Model, adapter: TrainedAdapter, base: ByName): { model: Model; read: ByName } {
  return { model: untiedBy(model, adapter.config) === null ? model : withOwnHead(model), read: mergedWeights(model, adapter, base) };
}
