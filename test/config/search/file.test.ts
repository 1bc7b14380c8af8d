import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseExperiment } from '../../../src/config/parse.js';
import { answerMetrics } from '../../../src/config/search/plan.js';
import { textScoreNames } from '../../../src/metrics/texts.js';
import { readSearch } from '../../../src/config/search/file.js';
import { checkMeasured, checkRungs, trialsOf } from '../../../src/config/search/trials.js';

const folder = mkdtempSync(join(tmpdir(), 'workbench-search-file-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'lr rank.yaml');

function read(text: string): ReturnType<typeof readSearch> {
  writeFileSync(path, text);
  return readSearch(path);
}

/** What is said of a file, without its name. */
function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof Error && error.name === 'UserError') return error.message.replaceAll(path, 'f');
    throw error;
  }
  return 'nothing';
}

const lines = (...more: string[]): string => ['experiment: e.yaml', ...more].join('\n');
const base = parseExperiment({ model: 'm', dataset: { path: 'd', val_size: 0.1 }, train: { max_steps: 100 }, on_finish: 'true' });

it('reads a search: defaults, paths beside the file, a name of one word', () => {
  mkdirSync(join(folder, 'b'), { recursive: true });
  const search = read(lines('trials: 3', 'parameters: { train.learning_rate: { from: 1e-5, to: 1e-3, scale: log }, lora.r: [4, 8], model: [./b, org/name] }', 'stop_losers: { at: [10, 50] }'));
  expect(search).toMatchObject({ name: 'lr-rank', experiment: join(folder, 'e.yaml'), metric: 'eval_loss', method: 'random', trials: 3, seed: 42, stop_losers: { at: [10, 50], keep: 0.33 } });
  expect([...search.space]).toEqual([
    ['train.learning_rate', { from: 1e-5, to: 1e-3, scale: 'log', whole: false, points: null }],
    ['lora.r', { values: [4, 8] }],
    ['model', { values: [join(folder, 'b'), 'org/name'] }],
  ]);
});

it('makes trials that stop at the first rung, and leave the last word to the search', () => {
  const trials = trialsOf(read(lines('trials: 4', 'parameters: { lora.r: [4, 8], lora.lora_alpha: [8, 16] }', 'stop_losers: { at: [10, 50] }')), base);
  expect(trials).toHaveLength(4);
  for (const { config, parameters } of trials) {
    expect(config).toMatchObject({ on_finish: null, lora: { r: parameters['lora.r'], lora_alpha: parameters['lora.lora_alpha'] }, train: { stop_at: 10, max_steps: 100 } });
  }
  expect(trialsOf(read(lines('method: grid', 'parameters: { lora.r: [4, 8] }')), base).map(({ config }) => config.train.stop_at)).toEqual([null, null]);
});

it('takes values that only go together, and refuses a set that does not', () => {
  const grid = (...parameters: string[]) => trialsOf(read(lines('method: grid', 'parameters:', ...parameters)), base);
  expect(grid('  train.lr_scheduler_type: [cosine_with_min_lr]', '  train.lr_scheduler_kwargs.min_lr: [1.0e-5, 1.0e-4]')).toHaveLength(2);
  expect(grid('  train.metric_for_best_model: [rougeL]', '  train.predict_with_generate: [true]')).toHaveLength(1);
  expect(refusal(() => grid('  train.lr_scheduler_type: [cosine_with_min_lr, linear]', '  train.lr_scheduler_kwargs.min_lr: [1.0e-5]'))).toMatch(/^f, line 5: `train.lr_scheduler_kwargs.min_lr` /);
});

it('compares by whatever scores answers have', () => {
  expect(answerMetrics).toEqual(textScoreNames);
});

describe('what is wrong is told in a sentence with its line', () => {
  it.each([
    [lines('trials: 3', 'parametres: {}'), 'f, line 3: a search has no key `parametres`: did you mean `parameters`?'],
    [lines('trials: 3'), 'f: `parameters` is missing: give what is tried, by key of the experiment: a list of values'],
    [lines('trials: 3', 'parameters: {}'), 'f, line 3: `parameters` is empty'],
    [lines('parameters: { lora.r: [4] }'), 'f: `trials` is missing: say how many'],
    [lines('trials: 0', 'parameters: { lora.r: [4] }'), 'f, line 2: `trials` is 0: it must be a whole number of at least 1 and of at most 1000'],
    [lines('method: grid', 'trials: 3', 'parameters: { lora.r: [4] }'), 'f, line 3: `trials` is for `method: random`'],
    [lines('method: bayes', 'trials: 3', 'parameters: { lora.r: [4] }'), 'f, line 2: `method` is "bayes": it must be one of random, grid'],
    [lines('trials: 3', 'metric: bleurt', 'parameters: { lora.r: [4] }'), 'f, line 3: `metric` is "bleurt": it must be one of eval_loss'],
    [lines('trials: 3', 'parameters:', '  lora.rank: [4]'), 'f, line 4: there is no key `lora.rank`: did you mean `lora.r`?'],
    [lines('trials: 3', 'parameters:', '  train: { learning_rate: [1] }'), 'f, line 4: `train` is a group: write the whole key, such as train.learning_rate'],
    [lines('trials: 3', 'parameters:', '  lora.r: 4'), 'f, line 4: `lora.r` is 4: give a list of values, [4], or a range'],
    [lines('trials: 3', 'parameters:', '  lora.r: []'), 'f, line 4: `lora.r` has no values to try'],
    [lines('trials: 3', 'parameters:', '  train.stop_at: [4]'), 'f, line 4: `train.stop_at` cannot be searched over'],
    [lines('trials: 3', 'parameters:', '  lora.r: { from: 8, to: 4 }'), 'f, line 4: the range of `lora.r` goes from 8 to 4: the first must be the smaller'],
    [lines('trials: 3', 'parameters:', '  lora.r: { from: 4, to: 4 }'), 'f, line 4: the range of `lora.r` goes from 4 to 4'],
    [lines('trials: 3', 'parameters:', '  lora.r: { from: 1.5, to: 4 }'), 'f, line 4: `lora.r` is a whole number'],
    [lines('trials: 3', 'parameters:', '  train.weight_decay: { from: 0, to: 1, scale: log }'), 'f, line 4: the range of `train.weight_decay` begins at 0, which has no logarithm'],
    [lines('trials: 3', 'parameters:', '  train.weight_decay: { min: 0, to: 1 }'), 'f, line 4: a range has no `min`: it has from, to, scale, points'],
    [lines('trials: 3', 'parameters:', '  train.weight_decay: { from: 0 }'), 'f, line 4: the range of `train.weight_decay` needs two numbers'],
    [lines('trials: 3', 'parameters:', '  train.optim: { from: 0, to: 1 }'), 'f, line 4: `train.optim` is no number: give a list'],
    [lines('method: grid', 'parameters:', '  train.weight_decay: { from: 0, to: 1 }'), 'f, line 4: a grid takes so many points of a range'],
    [lines('trials: 3', 'parameters: { lora.r: [4] }', 'stop_losers: { at: [50, 50] }'), 'f, line 4: `stop_losers.at` is [50,50]: the updates must ascend'],
    [lines('trials: 3', 'parameters: { lora.r: [4] }', 'stop_losers: { keep: 1 }'), 'f, line 4: `stop_losers.keep` is 1: it must be a number above 0 and below 1'],
    ['model: m\ndataset: { path: d }', 'f is an experiment: a search is a file of its own'],
    ['- 1', 'f: a search is a group of keys'],
    ['a: [', 'f, line 1: this is not YAML'],
  ])('%j', (text, sentence) => {
    expect(refusal(() => read(text))).toContain(sentence);
  });

  it('of values that no experiment takes, and of rungs and metrics that no trial reaches', () => {
    const trials = (...more: string[]) => refusal(() => trialsOf(read(lines(...more)), base));
    expect(trials('trials: 1', 'parameters:', '  lora.lora_dropout: { from: 0.1, to: 1.5 }')).toContain('f, line 4: `lora.lora_dropout` is 1.5: it must be a number of at least 0 and below 1');
    expect(trials('trials: 1', 'parameters:', '  lora.r: [8, 0]')).toContain('f, line 4: `lora.r` is 0: it must be a whole number of at least 1');
    expect(trials('trials: 7', 'parameters: { lora.r: [4, 8, 16], lora.use_rslora: [true, false] }')).toContain('f: `trials` is 7, and no more than 6 different sets of values are to be had');
    expect(trials('method: grid', 'parameters: { lora.r: { from: 1, to: 2000, points: 2000 } }')).toContain('this grid has 2000 combinations');
    expect(trials('trials: 2', 'parameters: { lora.r: [4, 8] }', 'stop_losers: { at: [50, 100] }')).toContain('`stop_losers.at` has 100, and a trial makes 100 updates');
    expect(trials('trials: 2', 'metric: accuracy', 'parameters: { lora.r: [4, 8] }')).toContain('`metric` is accuracy, which is measured for `dataset.format: classification` alone');
    expect(trials('trials: 2', 'metric: rougeL', 'parameters: { lora.r: [4, 8] }')).toContain('add --set train.predict_with_generate=true');
    const search = read(lines('trials: 2', 'parameters: { lora.r: [4, 8] }', 'stop_losers: { at: [5] }'));
    expect(refusal(() => checkMeasured(search, 0))).toContain('`metric` is eval_loss, and the experiment has no rows to evaluate on');
    expect(refusal(() => checkMeasured({ ...search, metric: 'loss' }, 0))).toBe('nothing');
    expect(refusal(() => checkRungs({ ...search, metric: 'loss' }, 50, { ...base, train: { ...base.train, logging_steps: 10 } }))).toContain('logged every 10 updates and so not yet at 5');
  });
});
