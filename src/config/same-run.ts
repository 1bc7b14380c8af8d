/** Which knobs may change between two parts of one run, and which not even in a branch. */
import { UserError } from '../util/errors.js';
import { diffExperiments } from './diff.js';
import type { Experiment, TrainConfig } from './schema.js';

/** How long, how often, how fast, where: a run that changes them is still that run. */
const steering: readonly string[] = [
  // how long, and how fast
  'train.max_steps',
  'train.num_train_epochs',
  'train.stop_at',
  'train.learning_rate',
  // what is logged and measured
  'train.logging_steps',
  'train.logging_first_step',
  'train.eval_strategy',
  'train.eval_steps',
  'train.per_device_eval_batch_size',
  'train.predict_with_generate',
  'train.generation_max_new_tokens',
  'train.generation_num_beams',
  'train.max_predict_samples',
  'train.metric_for_best_model',
  'train.early_stopping_patience',
  'train.early_stopping_threshold',
  'sample.prompts',
  'sample.max_new_tokens',
  'sample.temperature',
  // what is kept
  'train.save_strategy',
  'train.save_steps',
  'train.save_total_limit',
  'train.save_best',
  'train.save_keep_every',
  'train.load_best_model_at_end',
  'checkpoint_mirror',
  // what is done about trouble
  'train.on_non_finite',
  'train.spike_guard',
  'train.spike_window',
  'train.auto_find_batch_size',
  // in how much memory, and where
  'train.gradient_checkpointing',
  'train.padding_free',
  'engine.name',
  'engine.device',
  'engine.threads',
  // who is told
  'on_finish',
  'report_to',
];

/** Of the group `train`, what can change between two updates of a live run. */
export const liveKnobs = ['learning_rate', 'max_steps', 'logging_steps', 'eval_steps', 'save_steps'] as const satisfies readonly (keyof TrainConfig)[];

/** Where things lie. They may have been moved; the caller knows whether they have. */
const places: readonly string[] = ['model', 'tokenizer', 'dataset.path', 'dataset.eval'];

/** Says nothing that its hash does not say. */
const moduleAt = 'recipe.path';

/** What the tensors and the data position of a checkpoint depend on. */
const foundations: readonly string[] = [
  ...places,
  'stage',
  'init',
  'finetuning',
  // the rows, and how they become tokens
  'dataset.name',
  'dataset.format',
  'dataset.columns',
  'dataset.tags',
  'dataset.template',
  'dataset.labels',
  'dataset.val_size',
  'dataset.max_samples',
  'dataset.dedupe',
  'dataset.weight',
  'dataset.weight_column',
  'dataset.mix',
  'dataset.filter.contains',
  'dataset.filter.excludes',
  'dataset.filter.matches',
  'dataset.filter.min_length',
  'dataset.filter.max_length',
  'dataset.filter.where',
  'recipe.sha256',
  'max_length',
  'overflow',
  'packing',
  'mlm_probability',
  // what is trained
  'lora.r',
  'lora.target_modules',
  'lora.exclude_modules',
  'lora.layers_to_transform',
  'lora.rank_pattern',
  'lora.alpha_pattern',
  'lora.use_rslora',
  'lora.use_dora',
  'lora.bias',
  'lora.modules_to_save',
  'lora.ensure_weight_tying',
  'lora.init_lora_weights',
  'lora.adapter_name_or_path',
  'freeze.num_trainable_layers',
  // which rows make an update, and what the optimizer remembers
  'train.per_device_train_batch_size',
  'train.gradient_accumulation_steps',
  'train.group_by_length',
  'train.optim',
];

export interface ChangeRules {
  readonly branch: boolean;
  /** Whether a place of the old experiment is gone. */
  isGone(path: string): boolean;
}

/** Throws a UserError that names the first key that must stay, and what to do instead. */
export function checkChanges(before: Experiment, after: Experiment, { branch, isGone }: ChangeRules): void {
  for (const { key, a } of diffExperiments(before, after)) {
    if (key === 'name' || key === moduleAt || (places.includes(key) && typeof a === 'string' && isGone(a))) continue;
    if (branch && foundations.includes(key)) throw new UserError(`\`${key}\` cannot change after a checkpoint, not even in a branch: start a new run${startingFrom(before)}`);
    if (!branch && !steering.includes(key)) {
      const instead = foundations.includes(key) ? 'start a new run' : 'add --branch to make a new run that goes on from here';
      throw new UserError(`\`${key}\` would make it another run: ${instead}, or change only ${steering.filter((each) => each.startsWith('train.')).join(', ')}, sample.* and engine.*`);
    }
  }
}

function startingFrom({ finetuning }: Experiment): string {
  return finetuning === 'lora' ? ' with lora.adapter_name_or_path set to what this one learned' : ' with model set to what this one learned';
}
