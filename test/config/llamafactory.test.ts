/** Training files of LLaMA-Factory, as people have them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readExperiment } from '../../src/config/file.js';
import { importExperiment } from '../../src/config/foreign/import.js';
import { UserError } from '../../src/util/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'workbench-import-'));
const templates = ['alpaca', 'chatml'];
beforeAll(() => {
  mkdirSync(join(folder, 'data'));
  mkdirSync(join(folder, 'examples', 'train_lora'), { recursive: true });
  writeFileSync(join(folder, 'data', 'dataset_info.json'), JSON.stringify({ mine: { file_name: 'mine.json' }, held: { file_name: 'held.json' } }));
});
afterAll(() => { rmSync(folder, { recursive: true }); });

function imported(text: string) {
  const path = join(folder, 'examples', 'train_lora', 'sft.yaml');
  writeFileSync(path, text);
  return importExperiment(path, { templates });
}
const head = 'model_name_or_path: meta-llama/Meta-Llama-3-8B-Instruct\nstage: sft\ndo_train: true\n';

describe('a training file of LLaMA-Factory', () => {
  it('becomes an experiment that does the same', () => {
    const { experiment, notes, moot, text } = imported(`${head}finetuning_type: lora
lora_rank: 16
lora_target: q_proj,v_proj
quantization_bit: 4
dataset: mine, held
template: llama3
cutoff_len: 1024
max_samples: 1000
overwrite_cache: true
output_dir: saves/x
logging_steps: 10
plot_loss: true
per_device_train_batch_size: 2
gradient_accumulation_steps: 8
learning_rate: 1.0e-4
num_train_epochs: 3.0
lr_scheduler_type: cosine
warmup_ratio: 0.1
bf16: true
ddp_timeout: 180000000
val_size: 0.1
eval_strategy: steps
eval_steps: 500
deepspeed: z3.json
pref_beta: 0.1
flux_capacitor: 3
`);
    const data = { template: 'chat_template', max_samples: 1000 };
    expect(experiment).toMatchObject({
      model: 'meta-llama/Meta-Llama-3-8B-Instruct', stage: 'sft', finetuning: 'lora', quantization: 'int4', precision: 'bf16', max_length: 1024,
      lora: { r: 16, lora_alpha: 32, target_modules: ['q_proj', 'v_proj'] },
      dataset: { path: join(folder, 'data'), name: 'mine', val_size: 0.1, ...data, mix: [{ name: 'held', ...data }] },
      train: { per_device_train_batch_size: 2, gradient_accumulation_steps: 8, learning_rate: 1e-4, num_train_epochs: 3, lr_scheduler_type: 'cosine', warmup_ratio: 0.1, logging_steps: 10, save_steps: 500, eval_strategy: 'steps', eval_steps: 500 },
    });
    expect(notes).toEqual([
      '`pref_beta: 0.1` is left out: answers are learned, not preferences',
      '`flux_capacitor: 3` is left out: it is not known here',
      '`template: llama3` became `dataset.template: chat_template`, the one that the tokenizer of the model brings along',
    ]);
    expect(moot).toEqual(['do_train', 'overwrite_cache', 'output_dir', 'plot_loss', 'ddp_timeout', 'deepspeed']);
    const file = join(folder, 'made.yaml');
    writeFileSync(file, text);
    expect(readExperiment(file).experiment).toEqual(experiment);
    expect(text).toContain('# `flux_capacitor: 3` is left out');
    expect(text).toContain('  mix:\n    - name: held\n      template: chat_template\n      max_samples: 1000\n'); // and none of its defaults
  });

  it('has its defaults where it says nothing', () => {
    const { experiment } = imported(`${head}dataset: mine\n`);
    expect(experiment).toMatchObject({
      finetuning: 'lora', max_length: 2048, precision: 'f32', lora: { r: 8, lora_alpha: 16, target_modules: 'all-linear' },
      train: { learning_rate: 5e-5, lr_scheduler_type: 'linear', per_device_train_batch_size: 8, num_train_epochs: 3, eval_steps: 0, save_steps: 500, save_total_limit: null },
    });
  });

  it('may train everything, pre-train, and evaluate on an entry of its own', () => {
    const { experiment, notes } = imported('model_name_or_path: m\nstage: pt\nfinetuning_type: full\nlora_target: all\ndataset: mine\neval_dataset: held\ndataset_dir: data\n');
    expect(experiment).toMatchObject({ stage: 'pretrain', finetuning: 'full', lora: { target_modules: 'auto' }, dataset: { template: null, eval: join(folder, 'data', 'held.json') } });
    expect(notes).toEqual([]);
  });

  it('leaves the default for a value that there is nothing like, and says so', () => {
    const { experiment, notes } = imported(`${head}dataset: mine\nlora_alpha: null\nlora_rank: 16\nresume_from_checkpoint: null
report_to: wandb\noptim: lion_32bit\nlearning_rate: fast\neval_strategy: steps\neval_steps: 0.1\n`);
    expect(experiment).toMatchObject({ report_to: 'none', lora: { r: 16, lora_alpha: 32 }, train: { optim: 'adamw', learning_rate: 5e-5, eval_steps: 50 } });
    expect(notes).toEqual([
      expect.stringMatching(/^`report_to: wandb` is left out: `report_to` is "wandb": it must be /),
      expect.stringMatching(/^`optim: lion_32bit` is left out: `train.optim` is "lion_32bit": it must be one of adamw, /),
      expect.stringMatching(/^`learning_rate: fast` is left out: `train.learning_rate` is "fast": it must be a number above 0/),
      expect.stringMatching(/^`eval_steps: 0.1` is left out: it is a share of all updates/),
    ]);
  });

  it('counts the updates of a share of them, where it says how many there are', () => {
    const { experiment, moot } = imported(`${head}dataset: mine\nmax_steps: 250\nsave_steps: 0.1\nlogging_steps: 0.01\neval_steps: 0.5\n`);
    expect(experiment.train).toMatchObject({ save_steps: 25, logging_steps: 3, eval_steps: 0 });
    expect(moot).toEqual(['eval_steps', 'do_train']); // nothing is evaluated where no strategy is told
  });

  it('takes one of two keys that are one here, and says where they differ', () => {
    const twice = (text: string) => imported(`${head}dataset: mine\n${text}`);
    expect(twice('packing: true\nneat_packing: false\n')).toMatchObject({ experiment: { packing: true }, notes: [], moot: ['do_train', 'neat_packing'] });
    expect(twice('neat_packing: true\n')).toMatchObject({ experiment: { packing: true }, notes: [] });
    expect(twice('data_seed: 7\nseed: 7\n')).toMatchObject({ experiment: { train: { seed: 7 } }, notes: [], moot: ['do_train', 'data_seed'] });
    expect(twice('data_seed: 8\nseed: 7\n')).toMatchObject({ experiment: { train: { seed: 7 } }, notes: ['`data_seed: 8` is left out: `seed: 7` says otherwise, and `train.seed` is both'] });
    expect(twice('save_strategy: no\nsave_steps: 100\n')).toMatchObject({ experiment: { train: { save_steps: 0 } }, notes: [] });
  });

  it('takes over groups of keys, and the names of scores', () => {
    const { experiment, notes } = imported(`${head}dataset: mine\nlr_scheduler_type: cosine_with_restarts\nlr_scheduler_kwargs: { num_cycles: 3 }\npredict_with_generate: true\nmetric_for_best_model: eval_rouge-l\n`);
    expect(experiment.train).toMatchObject({ lr_scheduler_kwargs: { num_cycles: 3 }, metric_for_best_model: 'rougeL' });
    expect(notes).toEqual([]);
    expect(imported(`${head}dataset: mine\nlr_scheduler_kwargs: { waves: 3 }\n`).notes).toEqual(['`lr_scheduler_kwargs: {"waves":3}` is left out: `train.lr_scheduler_kwargs` has no `waves`']);
  });

  it('says what is not on this machine', () => {
    expect(imported(`${head}dataset: mine\ndataset_dir: /nowhere/data\ntemplate: alpaca\n`)).toMatchObject({ notes: ['/nowhere/data is not here: copy it, or set dataset.path'], experiment: { dataset: { template: 'alpaca' } } });
  });

  it.each([
    ['model_name_or_path: m\nstage: dpo\ndataset: mine\n', /`stage: dpo` cannot be had here: it learns preferences/],
    [`${head}finetuning_type: oft\ndataset: mine\n`, /`finetuning_type: oft` cannot be had here/],
    [head, /`dataset` is missing/],
    ['model_name_or_path: m\nstage: orpo\ndataset: mine\n', /`stage: orpo` cannot be had here: `stage` is "orpo": it must be one of/],
    ['model: m\ndataset: {path: d}\n', /is no training file of LLaMA-Factory/],
    ['- 1\n', /is no training file of LLaMA-Factory/],
    ['a: [', /this is not YAML/],
  ])('%j is refused', (text, sentence) => {
    expect(() => imported(text)).toThrow(UserError);
    expect(() => imported(text)).toThrow(sentence);
  });

  it('is told to whoever takes it for an experiment', () => {
    const path = join(folder, 'sft.yaml');
    writeFileSync(path, `${head}dataset: mine\n`);
    expect(() => readExperiment(path)).toThrow(`${path} is a training file of LLaMA-Factory: \`workbench import ${path} --out experiment.yaml\` makes an experiment of it`);
  });
});
