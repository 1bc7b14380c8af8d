import { loraScale, lowRank } from '../../lora/init.js';
import type { TrainedAdapter } from '../../lora/merge.js';
import { targetLinears } from '../../lora/targets.js';
import type { Model } from '../../models/contract.js';
import type { Tensor } from '../../util/tensor.js';
import { architectureOf, generalFacts } from './architecture.js';
import { float, type TensorEntry, word, writeGguf } from './file.js';
import { ggufName } from './merged.js';

/**
 * An adapter alone, for a base in GGUF: `llama-cli -m base.gguf --lora adapter.gguf`. In f32.
 * Source: convert_lora_to_gguf.py of llama.cpp, which scales by alpha / rank.
 */
export async function writeGgufAdapter(path: string, name: string, model: Model, { config, tensors }: TrainedAdapter): Promise<void> {
  const architecture = architectureOf(model);
  const held = (parameter: string): Tensor<'f32'> => {
    const tensor = tensors.get(parameter);
    if (tensor === undefined) throw new Error(`the adapter has no ${parameter}`);
    return tensor;
  };
  const entries = targetLinears(model, config).flatMap((layer): TensorEntry[] => {
    const { a, b } = lowRank(layer, config);
    const { tensor } = ggufName(architecture, `${layer.module}.weight`);
    return [
      { name: `${tensor}.lora_a`, shape: a.shape, element: 'f32', read: () => held(a.name) },
      { name: `${tensor}.lora_b`, shape: b.shape, element: 'f32', read: () => architecture.rows(layer.module, held(b.name)) },
    ];
  });
  const facts = { ...generalFacts(architecture, { name, type: 'adapter', fileType: 0 }), 'adapter.type': word('lora'), 'adapter.lora.alpha': float(loraScale(config) * config.r) };
  await writeGguf(path, facts, entries);
}
