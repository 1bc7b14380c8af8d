/** The model and the batch of the training benchmark: the shape of GPT-2 small, weights drawn from a seed. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseExperiment } from '../dist/config/parse.js';
import { writeAdapter } from '../dist/lora/peft.js';
import { readModel } from '../dist/models/registry.js';
import { randomWeights } from '../dist/models/weights.js';
import { initialValue } from '../dist/nn/parameter.js';
import { tuningOf } from '../dist/trainer/tuning.js';
import { Random } from '../dist/util/random.js';
import { writeSafetensors } from '../dist/weights/safetensors.js';

const seed = 1;
const config = {
  model_type: 'gpt2',
  architectures: ['GPT2LMHeadModel'],
  vocab_size: 50257,
  n_positions: 1024,
  n_embd: 768,
  n_layer: 12,
  n_head: 12,
  activation_function: 'gelu_new',
  layer_norm_epsilon: 1e-5,
  // Adapters have a dropout of their own; the base's would make the two sides' numbers differ.
  attn_pdrop: 0,
  embd_pdrop: 0,
  resid_pdrop: 0,
};

/** The experiment that both sides run; `folder` is what `writeModel` has filled, `settings` are further keys. */
export function experimentFor(folder, finetuning = 'lora', { train = {}, ...settings } = {}) {
  return parseExperiment({
    model: join(folder, 'model'),
    dataset: { path: 'tokens' },
    finetuning,
    lora: { r: 8, lora_alpha: 16, adapter_name_or_path: finetuning === 'lora' ? join(folder, 'adapter') : null },
    train: { learning_rate: 1e-3, lr_scheduler_type: 'constant', max_grad_norm: 0, seed, ...train },
    engine: { threads: 2 },
    ...settings,
  });
}

/** Writes model/ and adapter/ as Transformers and PEFT read them. */
export async function writeModel(folder) {
  const modelFolder = join(folder, 'model');
  await mkdir(modelFolder, { recursive: true });
  await writeFile(join(modelFolder, 'config.json'), JSON.stringify(config));
  await writeFile(join(modelFolder, 'generation_config.json'), '{}');
  const experiment = experimentFor(folder);
  const model = readModel(modelFolder);
  await writeSafetensors(join(modelFolder, 'model.safetensors'), model.parameters, randomWeights(model, seed));
  const parameters = tuningOf(experiment, model).trainable;
  const specs = new Map(parameters.map((spec) => [spec.name, spec]));
  await writeAdapter(join(folder, 'adapter'), { model, config: experiment.lora, baseModel: modelFolder, parameters, read: (name) => initialValue(specs.get(name), seed) });
}

/** Token ids of a batch, row after row. */
export function batchOf(rows, length) {
  const random = new Random('batch', rows, length);
  return Array.from({ length: rows * length }, () => random.below(config.vocab_size));
}
