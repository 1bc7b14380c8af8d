/** Starting points for a form: a few keys that belong together. */
import { withValues } from './keys.js';
import type { Experiment } from './schema.js';

export interface Preset {
  readonly name: string;
  readonly help: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export const presets: readonly Preset[] = [
  {
    name: 'lora-small',
    help: 'a small adapter on the attention: least memory, hard to overfit',
    values: { finetuning: 'lora', init: 'pretrained', 'lora.r': 8, 'lora.lora_alpha': 16, 'lora.lora_dropout': 0.05, 'lora.target_modules': 'auto', 'train.learning_rate': 2e-4 },
  },
  {
    name: 'lora-all-linear',
    help: 'an adapter on every linear layer: comes near full tuning',
    values: { finetuning: 'lora', init: 'pretrained', 'lora.r': 16, 'lora.lora_alpha': 32, 'lora.lora_dropout': 0.05, 'lora.target_modules': 'all-linear', 'train.learning_rate': 2e-4 },
  },
  {
    name: 'freeze',
    help: 'the last two blocks, the rest as it is',
    values: { finetuning: 'freeze', init: 'pretrained', 'freeze.num_trainable_layers': 2, 'lora.adapter_name_or_path': null, 'train.learning_rate': 5e-5 },
  },
  {
    name: 'full',
    help: 'every weight: four times the memory of the model',
    values: { finetuning: 'full', init: 'pretrained', 'lora.adapter_name_or_path': null, 'train.learning_rate': 2e-5, 'train.warmup_ratio': 0.03, 'train.weight_decay': 0.01 },
  },
  {
    name: 'from-scratch',
    help: 'the architecture alone, from random weights, every token counts',
    values: {
      finetuning: 'full', init: 'random', stage: 'pretrain', packing: true, 'dataset.format': 'text', 'lora.adapter_name_or_path': null,
      'train.learning_rate': 1e-3, 'train.warmup_ratio': 0.05, 'train.weight_decay': 0.1, 'train.adam_beta2': 0.95,
    },
  },
];

/** The experiment with a preset's keys set and all others left as they are. */
export function applyPreset(experiment: Experiment, preset: Preset): Experiment {
  return withValues(experiment, preset.values);
}
