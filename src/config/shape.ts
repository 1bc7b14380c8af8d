/** Which knobs decide how fast a run is on a machine: runs alike in them process as many tokens a second. */
import { isDeepStrictEqual } from 'node:util';
import { valueAt } from './keys.js';
import { knobs } from './limits.js';
import type { Experiment } from './schema.js';

/** What is read, said and kept, and how the rate goes: no update takes longer for it. */
const speedless = new Set([
  // what is read and said
  'name', 'tokenizer', 'init',
  'checkpoint_mirror', 'report_to',
  'recipe.path', 'recipe.sha256',
  'train.logging_steps', 'train.logging_first_step',
  // how strong an adapter is, and where it begins
  'lora.lora_alpha', 'lora.alpha_pattern', 'lora.use_rslora', 'lora.init_lora_weights', 'lora.adapter_name_or_path',
  // how long, in what steps
  'train.num_train_epochs', 'train.max_steps', 'train.stop_at', 'train.gradient_accumulation_steps',
  'train.seed', 'train.shuffle',
  // the rate and the update
  'train.learning_rate', 'train.lr_scheduler_type', 'train.warmup_steps', 'train.warmup_ratio', 'train.loraplus_lr_ratio',
  'train.weight_decay', 'train.adam_beta1', 'train.adam_beta2', 'train.adam_epsilon', 'train.max_grad_norm',
  'train.label_smoothing_factor', 'loss.type', 'loss.tokens', 'loss.alpha',
  'train.on_non_finite', 'train.auto_find_batch_size',
  // what is measured and kept
  'train.per_device_eval_batch_size', 'train.eval_steps', 'train.eval_on_start',
  'train.metric_for_best_model', 'train.early_stopping_patience', 'train.early_stopping_threshold',
  'train.save_steps', 'train.save_total_limit', 'train.load_best_model_at_end',
]);

const speedlessGroups = ['sample.', 'dataset.', 'train.lr_scheduler_kwargs.'];

const decisive = knobs.map(({ key }) => key).filter((key) => key === 'dataset.path' || !(speedless.has(key) || speedlessGroups.some((group) => key.startsWith(group))));

/** The knobs that decide the speed, with their values; those of a way of tuning that is not taken decide nothing. */
export function shapeOf(experiment: Experiment): Readonly<Record<string, unknown>> {
  const meant = decisive.filter((key) => !['lora', 'freeze'].some((group) => key.startsWith(`${group}.`) && experiment.finetuning !== group));
  return Object.fromEntries(meant.map((key) => [key, valueAt(experiment, key)]));
}

export function sameShape(a: Experiment, b: Experiment): boolean {
  return a.model === b.model && a.max_length === b.max_length && isDeepStrictEqual(shapeOf(a), shapeOf(b));
}
