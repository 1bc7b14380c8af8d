import { adaptedLayers, type AdaptedLayer } from '../../lora/layers.js';
import type { TrainedAdapter } from '../../lora/merge.js';
import { wholeParameters } from '../../lora/whole.js';
import type { Model, ParameterSpec } from '../../models/contract.js';
import { UserError } from '../../util/errors.js';
import { f32, type Tensor } from '../../util/tensor.js';
import { architectureOf, generalFacts } from './architecture.js';
import { float, type TensorEntry, word, writeGguf } from './file.js';
import { ggufName } from './merged.js';

/**
 * An adapter alone, for a base in GGUF: `llama-cli -m base.gguf --lora adapter.gguf`. In f32. UserError where it is more than
 * low-rank updates, which is all that such a file can say.
 * Source: convert_lora_to_gguf.py of llama.cpp, which scales by alpha / rank of each tensor.
 */
export async function writeGgufAdapter(path: string, name: string, model: Model, { config, tensors }: TrainedAdapter): Promise<void> {
  const architecture = architectureOf(model);
  const layers = adaptedLayers(model, config);
  const [whole] = wholeParameters(model, config, new Set(layers.map(({ linear }) => linear.module))).trainable;
  const beyond = config.use_dora ? 'the magnitudes of lora.use_dora' : whole && `${whole.name}, which learned whole`;
  if (beyond !== undefined) throw new UserError(`A GGUF adapter holds low-rank updates and nothing else, and this one has ${beyond}; use --format gguf, which merges it into the model.`);
  const held = ({ name: parameter }: ParameterSpec): Tensor<'f32'> => {
    const tensor = tensors.get(parameter);
    if (tensor === undefined) throw new Error(`the adapter has no ${parameter}`);
    return tensor;
  };
  const [{ scale, rank }] = layers;
  const alpha = scale * rank;
  const entries = layers.flatMap((layer): TensorEntry[] => {
    const { module } = layer.linear;
    const { tensor } = ggufName(architecture, `${module}.weight`);
    return [
      { name: `${tensor}.lora_a`, shape: layer.a.shape, element: 'f32', read: () => held(layer.a) },
      { name: `${tensor}.lora_b`, shape: layer.b.shape, element: 'f32', read: () => architecture.rows(module, scaledB(held(layer.b), layer, alpha)) },
    ];
  });
  const facts = { ...generalFacts(architecture, { name, type: 'adapter', fileType: 0 }), 'adapter.type': word('lora'), 'adapter.lora.alpha': float(alpha) };
  await writeGguf(path, facts, entries);
}

/** B with what a layer's scale differs by from alpha over its rank: a file says one alpha for all. */
export function scaledB(tensor: Tensor<'f32'>, { scale, rank }: Pick<AdaptedLayer, 'scale' | 'rank'>, alpha: number): Tensor<'f32'> {
  const factor = (scale * rank) / alpha;
  return factor === 1 ? tensor : f32(tensor.shape, tensor.data.map((value) => factor * value));
}
