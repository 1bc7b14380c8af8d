import { describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import { UserError } from '../../src/util/errors.js';

const least = { model: 'm', dataset: { path: 'd.jsonl' } };

function refusal(value: unknown): string {
  try {
    parseExperiment(value);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message;
  }
  throw new Error('it was accepted');
}

describe('a complete experiment', () => {
  it('has every default', () => {
    const experiment = parseExperiment(least);
    expect(experiment.lora).toMatchObject({ r: 8, lora_alpha: 16, lora_dropout: 0, target_modules: 'auto', use_rslora: false, modules_to_save: null, init_lora_weights: true, adapter_name_or_path: null });
    expect(experiment.train.learning_rate).toBe(2e-4);
    expect(experiment.engine).toEqual({ name: 'auto', device: 'auto', threads: 'auto' });
  });

  it('is frozen to the bottom', () => {
    const experiment = parseExperiment({ ...least, lora: { target_modules: ['c_attn'] } });
    expect(() => { experiment.train.seed = 1; }).toThrow(TypeError);
    expect(() => { (experiment.lora.target_modules as string[]).push('x'); }).toThrow(TypeError);
  });
});

describe('an unknown key names the right one', () => {
  it.each([
    [{ lora: { rank: 4 } }, 'there is no key `lora.rank`: did you mean `lora.r`?'],
    [{ learning_rate: 1e-4 }, 'did you mean `train.learning_rate`?'],
    [{ lora: { learning_rate: 1e-4 } }, 'did you mean `train.learning_rate`?'],
    [{ lr: 1e-4 }, 'did you mean `train.learning_rate`?'],
    [{ train: { lr: 1e-4 } }, 'did you mean `train.learning_rate`?'],
    [{ train: { batch_size: 4 } }, 'did you mean `train.per_device_train_batch_size`?'],
    [{ epochs: 3 }, 'did you mean `train.num_train_epochs`?'],
    [{ lora: { alpha: 3 } }, 'did you mean `lora.lora_alpha`?'],
    [{ train: { learning_rat: 3 } }, 'did you mean `train.learning_rate`?'],
    [{ train: { 'adam-beta1': 0.9 } }, 'did you mean `train.adam_beta1`?'],
    [{ trian: {} }, 'did you mean `train`?'],
    [{ max_lenght: 10 }, 'did you mean `max_length`?'],
    [{ lora: { zzzzzz: 1 } }, 'there is no key `lora.zzzzzz`; `lora` holds r, lora_alpha, lora_dropout, target_modules, exclude_modules, layers_to_transform, rank_pattern, alpha_pattern, use_rslora, use_dora, bias, modules_to_save, ensure_weight_tying, init_lora_weights, adapter_name_or_path: remove it, or see docs/experiment-file.md'],
    [{ constructor: 1 }, 'there is no key `constructor`: remove it, or see docs/experiment-file.md'],
  ])('%j', (extra, sentence) => {
    expect(refusal({ ...least, ...extra })).toContain(sentence);
  });
});

describe('a wrong value names the limits', () => {
  it.each([
    [{ lora: { r: 0 } }, '`lora.r` is 0: it must be a whole number of at least 1'],
    [{ lora: { r: 2.5 } }, '`lora.r` is 2.5: it must be a whole number of at least 1'],
    [{ lora: { lora_dropout: 1 } }, '`lora.lora_dropout` is 1: it must be a number of at least 0 and below 1'],
    [{ lora: { target_modules: [3] } }, '`lora.target_modules` is [3]: it must be auto or all-linear or a list of texts'],
    [{ train: { learning_rate: 'fast' } }, '`train.learning_rate` is "fast": it must be a number above 0'],
    [{ train: { learning_rate: NaN } }, '`train.learning_rate` is NaN: it must be a number above 0'],
    [{ train: { lr_scheduler_type: 'cosin' } }, 'is "cosin": it must be one of linear, cosine, cosine_with_restarts, cosine_with_min_lr, polynomial, inverse_sqrt, warmup_stable_decay, constant, constant_with_warmup, reduce_lr_on_plateau; did you mean cosine?'],
    [{ train: { shuffle: 'yes' } }, '`train.shuffle` is "yes": it must be true or false'],
    [{ train: { save_total_limit: 0 } }, 'it must be a whole number of at least 1 or null'],
    [{ train: { max_steps: 0 } }, '`train.max_steps` is 0: it must be -1 (train by epochs) or at least 1'],
    [{ train: null }, '`train` is null: it is a group of keys (per_device_train_batch_size, per_device_eval_batch_size, gradient_accumulation_steps, …)'],
    [{ freeze: { num_trainable_layers: 0 } }, '`freeze.num_trainable_layers` is 0: it must not be 0'],
    [{ dataset: { path: 'd', val_size: 2.5 } }, '`dataset.val_size` is 2.5: it must be a share below 1 or a whole number of rows'],
    [{ dataset: { path: 'd', columns: { text: 3 } } }, '`dataset.columns.text` is 3: it must be a group of "name: text"'],
    [{ dataset: undefined }, '`dataset` is missing: it is a group of keys (path, format, columns, …)'],
    [{ model: undefined }, '`model` is missing: give a Hugging Face folder'],
    [{ name: 12 }, '`name` is 12: it must be a text or null (put it in quotes)'],
    [{ engine: { threads: 0 } }, '`engine.threads` is 0: it must be auto or a whole number of at least 1'],
  ])('%j', (extra, sentence) => {
    expect(refusal({ ...least, ...extra })).toContain(sentence);
  });

  it('of another kind altogether', () => {
    expect(refusal([1])).toBe('an experiment is a group of keys (model: …, dataset: …), not [1]');
    expect(refusal(null)).toBe('an experiment is a group of keys (model: …, dataset: …), not null');
  });

  it('and every other key that is wrong, in the same sentence', () => {
    expect(refusal({ ...least, lora: { r: 0 }, lr: 1 })).toBe('there is no key `lr`: did you mean `train.learning_rate`? (also wrong: `lora.r`)');
  });
});

describe('choices that contradict each other', () => {
  it.each([
    [{ dataset: { path: 'd', eval: 'e', val_size: 0.1 } }, 'keep one of them'],
    [{ init: 'random', finetuning: 'lora' }, 'set `finetuning: full`'],
    [{ finetuning: 'full', lora: { adapter_name_or_path: 'a' } }, 'set `finetuning: lora` or remove it'],
    [{ train: { lr_scheduler_type: 'linear', lr_scheduler_kwargs: { min_lr: 1e-6 } } }, 'is for cosine_with_min_lr, reduce_lr_on_plateau, and the schedule is linear'],
    [{ train: { lr_scheduler_type: 'cosine_with_min_lr', lr_scheduler_kwargs: { min_lr: 1e-6, min_lr_rate: 0.1 } } }, 'keep one of them'],
    [{ train: { lr_scheduler_type: 'polynomial', learning_rate: 1e-4, lr_scheduler_kwargs: { lr_end: 1e-3 } } }, 'must be below train.learning_rate (0.0001)'],
    [{ train: { lr_scheduler_type: 'polynomial', learning_rate: 5e-8 } }, 'lr_end` is 1e-7: it must be below train.learning_rate (5e-8)'],
    [{ finetuning: 'full', train: { loraplus_lr_ratio: 16 } }, 'set `finetuning: lora` or remove it'],
    [{ stage: 'seq2seq', train: { neftune_noise_alpha: 5 } }, 'trains an encoder and a decoder: remove it'],
    [{ train: { metric_for_best_model: 'rougeL' } }, 'set train.predict_with_generate'],
    [{ train: { metric_for_best_model: 'accuracy' } }, 'set it to eval_loss'],
  ])('%j', (extra, sentence) => {
    expect(refusal({ ...least, ...extra })).toContain(sentence);
  });
});
