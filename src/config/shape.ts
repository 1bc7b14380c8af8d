/** Which knobs decide how fast a run is on a machine: runs alike in them process as many tokens a second. */
import { isDeepStrictEqual } from 'node:util';
import { valueAt } from './keys.js';
import { knobs } from './limits.js';
import type { Experiment } from './schema.js';

/** What is read, said and kept, and how the rate goes: no update takes longer for it. */
const speedless = new Set([
  'name', 'tokenizer', 'init', 'checkpoint_mirror', 'report_to', 'lora.lora_alpha', 'lora.alpha_pattern', 'lora.use_rslora', 'lora.init_lora_weights', 'lora.adapter_name_or_path', 'train.per_device_eval_batch_size', 'train.gradient_accumulation_steps',
  'train.learning_rate', 'train.lr_scheduler_type', 'train.warmup_steps', 'train.warmup_ratio', 'train.num_train_epochs', 'train.max_steps', 'train.stop_at', 'train.weight_decay', 'train.loraplus_lr_ratio', 'train.label_smoothing_factor', 'train.adam_beta1', 'train.adam_beta2',
  'train.adam_epsilon', 'train.max_grad_norm', 'train.on_non_finite', 'train.auto_find_batch_size', 'train.seed', 'train.shuffle', 'train.logging_steps', 'train.logging_first_step', 'train.eval_steps', 'train.eval_on_start', 'train.metric_for_best_model', 'train.load_best_model_at_end',
  'train.early_stopping_patience', 'train.early_stopping_threshold',  'train.save_steps', 'train.save_total_limit', 'loss.type', 'loss.tokens', 'loss.alpha', 'recipe.path', 'recipe.sha256',
]);

const decisive = knobs.filter(({ key, group }) => group !== 'sample' && !speedless.has(key) && !key.startsWith('train.lr_scheduler_kwargs.') && (group !== 'dataset' || key === 'dataset.path')).map(({ key }) => key);

/** The knobs that decide the speed, with their values; those of a way of tuning that is not taken decide nothing. */
export function shapeOf(experiment: Experiment): Readonly<Record<string, unknown>> {
  const meant = decisive.filter((key) => !['lora', 'freeze'].some((group) => key.startsWith(`${group}.`) && experiment.finetuning !== group));
  return Object.fromEntries(meant.map((key) => [key, valueAt(experiment, key)]));
}

export function sameShape(a: Experiment, b: Experiment): boolean {
  return a.model === b.model && a.max_length === b.max_length && isDeepStrictEqual(shapeOf(a), shapeOf(b));
}
