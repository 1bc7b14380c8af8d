import { describe, expect, it } from 'vitest';
import { advise, type RunFacts } from '../../src/config/advice.js';
import { withValues } from '../../src/config/keys.js';
import { knobOf } from '../../src/config/limits.js';
import { parseExperiment } from '../../src/config/parse.js';

const usual = parseExperiment({ model: 'm', dataset: { path: 'd.jsonl', val_size: 0.05 }, train: { eval_steps: 50 } });
const facts: RunFacts = {
  total_parameters: 124_439_808, trainable_parameters: 294_912, steps: 500, steps_per_epoch: 500, train_rows: 8000, eval_rows: 400, cut_rows: 0, memory_bytes: 1e9, available_memory_bytes: 8e9,
};

/** What is said when some knobs and facts are unusual, by the first knob it names. */
function said(values: Record<string, unknown>, found: Partial<RunFacts> = {}): [string, string][] {
  return advise(withValues(usual, values), { ...facts, ...found }).map(({ keys, text }) => [keys[0], text]);
}

describe('advice', () => {
  it('has nothing to say about what is usual, nor about what is not known', () => {
    expect(said({})).toEqual([]);
    expect(said({}, { steps: null, steps_per_epoch: null, train_rows: null, eval_rows: null, cut_rows: null })).toEqual([]);
    expect(said({ 'train.learning_rate': 3e-3 }, { total_parameters: 300_000, trainable_parameters: 50_000 })).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, Partial<RunFacts>, readonly [string, RegExp]]>([
    ['an alpha far below the rank', { 'lora.r': 64 }, {}, ['lora.lora_alpha', /alpha \/ r is 0.25, which is unusually low/]],
    ['an alpha far above the rank', { 'lora.lora_alpha': 128 }, {}, ['lora.lora_alpha', /is 16, which is unusually high/]],
    ['an adapter larger than half the model', {}, { total_parameters: 300, trainable_parameters: 120 }, ['lora.r', /66.7% as large as the model/]],
    ['a rate of full tuning for LoRA', { 'train.learning_rate': 5e-6 }, {}, ['train.learning_rate', /5e-6 is low for LoRA/]],
    ['a rate too high for LoRA', { 'train.learning_rate': 0.01 }, {}, ['train.learning_rate', /0.01 is high for LoRA/]],
    ['a rate of LoRA for full tuning', { finetuning: 'full', 'train.learning_rate': 5e-4 }, {}, ['train.learning_rate', /5e-4 is high for full fine-tuning/]],
    ['a rate of full tuning from scratch', { finetuning: 'full', init: 'random', stage: 'pretrain', 'train.learning_rate': 1e-6 }, {}, ['train.learning_rate', /low for a model from scratch/]],
    ['an update of more rows than there are', { 'train.gradient_accumulation_steps': 64 }, { train_rows: 100 }, ['train.per_device_train_batch_size', /takes 256 rows, but there are only 100/]],
    ['many cut rows', { max_length: 64 }, { cut_rows: 2100 }, ['max_length', /max_length 64 cuts 25.0% of the rows \(2,100\)/]],
    ['a text of stage pretrain that is to be split', { stage: 'pretrain', overflow: 'split', finetuning: 'full' }, {}, ['overflow', /changes nothing in stage pretrain, where every text goes on in the next row/]],
    ['a pair that is to be split', { stage: 'seq2seq', overflow: 'split' }, {}, ['overflow', /what is longer than max_length is cut/]],
    ['an answer that is to be split', { overflow: 'split' }, {}, ['overflow', /rows of format alpaca, of which only answers are learned/]],
    ['nothing to evaluate on', {}, { eval_rows: 0 }, ['dataset.val_size', /never evaluates/]],
    ['evaluations that come too late', {}, { steps: 40 }, ['train.eval_steps', /only at the end: eval_steps is 50, and there are 40 updates/]],
    ['no checkpoint in a long run', { 'train.save_steps': 0 }, { steps: 5000 }, ['train.save_steps', /a crash would lose them all/]],
    ['hardly any updates', { 'train.eval_steps': 1 }, { steps: 3 }, ['train.num_train_epochs', /only 3 updates/]],
    ['many passes over the same rows', { 'train.num_train_epochs': 20 }, { steps: 10_000 }, ['train.num_train_epochs', /seen 20 times/]],
    ['a warm-up longer than the run', { 'train.warmup_steps': 500 }, {}, ['train.warmup_steps', /never reaches its peak/]],
    ['a warm-up that the schedule has not', { 'train.warmup_ratio': 0.1, 'train.lr_scheduler_type': 'constant' }, {}, ['train.warmup_steps', /take constant_with_warmup/]],
    ['a warm-up of half the run', { 'train.warmup_ratio': 0.5 }, {}, ['train.warmup_steps', /50.0% of the run/]],
    ['a high dropout', { 'lora.lora_dropout': 0.5 }, {}, ['lora.lora_dropout', /0 to 0.1 is usual/]],
    ['answers without questions from scratch', { finetuning: 'full', init: 'random', 'dataset.format': 'text' }, {}, ['stage', /stage: pretrain/]],
    ['more memory than there is', {}, { memory_bytes: 9e9 }, ['train.per_device_train_batch_size', /needs 9.00 GB of memory, and 8.00 GB/]],
  ])('is given on %s', (_, values, found, [key, text]) => {
    expect(said(values, found)).toEqual([[key, expect.stringMatching(text)]]);
  });

  it('names knobs that there are', () => {
    const everything = [...advise(withValues(usual, { 'lora.r': 64, 'lora.lora_dropout': 0.5, 'train.learning_rate': 1, 'train.warmup_steps': 9999 }), { ...facts, eval_rows: 0, cut_rows: 8000, steps: 3, memory_bytes: 1e12, trainable_parameters: 1e8 })];
    expect(everything.length).toBeGreaterThan(7);
    for (const key of everything.flatMap(({ keys }) => keys)) expect(knobOf(key)).not.toBeNull();
  });
});
