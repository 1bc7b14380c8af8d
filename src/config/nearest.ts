/** The right word for a wrong one: what other tools call a key, the same word elsewhere, or the nearest by spelling. */
import { distance } from 'fastest-levenshtein';
import { knobs } from './limits.js';

/** What PyTorch scripts, LLaMA-Factory, Axolotl and people call our keys, by the last part of the name. */
const aliases: Readonly<Record<string, string>> = {
  adapter: 'lora.adapter_name_or_path',
  alpha: 'lora.lora_alpha',
  base_model: 'model',
  batch_size: 'train.per_device_train_batch_size',
  beta1: 'train.adam_beta1',
  beta2: 'train.adam_beta2',
  block_size: 'max_length',
  clip_grad_norm: 'train.max_grad_norm',
  cutoff_len: 'max_length',
  dropout: 'lora.lora_dropout',
  epochs: 'train.num_train_epochs',
  eps: 'train.adam_epsilon',
  epsilon: 'train.adam_epsilon',
  eval_batch_size: 'train.per_device_eval_batch_size',
  eval_dataset: 'dataset.eval',
  eval_path: 'dataset.eval',
  finetuning_type: 'finetuning',
  grad_accum: 'train.gradient_accumulation_steps',
  grad_clip: 'train.max_grad_norm',
  gradient_clipping: 'train.max_grad_norm',
  lora_r: 'lora.r',
  lora_rank: 'lora.r',
  lora_target: 'lora.target_modules',
  lr: 'train.learning_rate',
  lr_scheduler: 'train.lr_scheduler_type',
  max_len: 'max_length',
  max_seq_length: 'max_length',
  micro_batch_size: 'train.per_device_train_batch_size',
  model_name_or_path: 'model',
  num_epochs: 'train.num_train_epochs',
  rank: 'lora.r',
  scheduler: 'train.lr_scheduler_type',
  sequence_len: 'max_length',
  sequence_length: 'max_length',
  steps: 'train.max_steps',
  targets: 'lora.target_modules',
  val_set_size: 'dataset.val_size',
  validation: 'dataset.eval',
  warmup: 'train.warmup_steps',
};

/** The key or group that was meant by an unknown dotted key, or null when none comes near. */
export function nearestKey(unknown: string): string | null {
  const word = unknown.toLowerCase().replaceAll('-', '_');
  const leaf = lastPart(word);
  if (Object.hasOwn(aliases, leaf)) return aliases[leaf];
  const groups = new Set(knobs.map((knob) => knob.group).filter((group) => group !== ''));
  const keys = [...knobs.map((knob) => knob.key), ...groups];
  const sameLeaf = keys.filter((key) => lastPart(key) === leaf);
  if (sameLeaf.length > 0) return nearest(word, sameLeaf, Infinity);
  const byLeaf = nearest(leaf, keys.map(lastPart));
  return nearest(word, keys) ?? (byLeaf === null ? null : keys.find((key) => lastPart(key) === byLeaf)!);
}

/** The candidate with the fewest edits from `word`, if within `limit` (default: a third of the word, at least 2). */
export function nearest(word: string, candidates: readonly string[], limit = Math.max(2, Math.floor(word.length / 3))): string | null {
  let best: string | null = null;
  let fewest = limit;
  for (const candidate of candidates) {
    const edits = distance(word, candidate);
    if (edits > fewest || (edits === fewest && best !== null)) continue;
    best = candidate;
    fewest = edits;
  }
  return best;
}

function lastPart(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1);
}
