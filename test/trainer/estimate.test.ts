/** What a run will cost, before it runs; the memory against what runs of the program take in processes of their own. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readExperiment } from '../../src/config/file.js';
import { readModel } from '../../src/models/registry.js';
import { estimate } from '../../src/trainer/estimate.js';
import { repository, Workplace } from '../cli/workbench.js';

const quickstart = join(repository, 'experiments', 'quickstart.yaml');
const demo = join(repository, 'experiments', 'demo', 'model');

describe('updates', () => {
  const steps = (rows: number | undefined, ...set: string[]) => {
    const result = estimate(readExperiment(quickstart, { set: ['train.per_device_train_batch_size=4', 'train.gradient_accumulation_steps=2', 'train.num_train_epochs=3', ...set] }).experiment, { rows });
    return [result.steps_per_epoch, result.steps];
  };

  it('are those of the rows that are left to train on', () => {
    expect(steps(100)).toEqual([13, 39]);
    expect(steps(100, 'dataset.max_samples=33')).toEqual([5, 15]);
    expect(steps(100, 'dataset.val_size=0.5')).toEqual([7, 21]);
    expect(steps(100, 'dataset.max_samples=33', 'dataset.val_size=1')).toEqual([4, 12]);
  });

  it('are not known where the rows are not', () => {
    expect(steps(undefined)).toEqual([null, null]);
    expect(steps(100, 'packing=true')).toEqual([null, null]);
    expect(steps(undefined, 'train.max_steps=7')).toEqual([null, 7]);
  });
});

it('says memory in whole bytes, as the record of a run has it', () => {
  const { memory, memory_bytes } = estimate(readExperiment(quickstart).experiment, {});
  expect([...Object.values(memory), memory_bytes].filter((bytes) => !Number.isInteger(bytes))).toEqual([]);
});

it('knows what tokenising will take where the rows are not in the cache, however large the corpus', () => {
  const { experiment } = readExperiment(quickstart);
  const bytes = [0, 1e3, 1e6, 1e8, 1e10].map((tokenising) => estimate(experiment, { tokenising }).memory_bytes);
  expect(bytes[1]).toBe(bytes[0]);
  expect(bytes[3]).toBeGreaterThan(bytes[0]);
  expect(bytes[4]).toBe(bytes[3]);
});

it('knows what answers to the rows of an evaluation take: keys and values of as many as are written side by side', () => {
  const bytes = (...set: string[]) => estimate(readExperiment(quickstart, { set: ['sample.prompts=[]', 'train.per_device_eval_batch_size=1', ...set] }).experiment, {}).memory_bytes;
  const beams = (count: number) => bytes('train.predict_with_generate=true', `train.generation_num_beams=${count}`);
  expect(bytes('train.generation_num_beams=64')).toBe(bytes());
  const { layerCount, keyValueHeads, headSize } = readModel(demo);
  const { max_length } = readExperiment(quickstart).experiment;
  expect(beams(64) - beams(32)).toBeGreaterThan(3 * 32 * max_length * 2 * layerCount * keyValueHeads * headSize * 4); // read, written and copied
});

describe('memory', () => {
  const place = new Workplace();
  afterAll(() => place.remove());

  /** The demo model in another size, without weights. */
  function model(name: string, changes: Record<string, number>): string {
    const folder = join(place.folder, name);
    mkdirSync(folder);
    for (const file of ['tokenizer.json', 'tokenizer_config.json']) copyFileSync(join(demo, file), join(folder, file));
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...(JSON.parse(readFileSync(join(demo, 'config.json'), 'utf8')) as object), ...changes }));
    return folder;
  }

  function texts(): string {
    const file = join(place.folder, 'texts.jsonl');
    const reviews = readFileSync(join(repository, 'experiments', 'demo', 'reviews', 'train.jsonl'), 'utf8').trim().split('\n').map((line) => (JSON.parse(line) as { text: string }).text);
    writeFileSync(file, Array.from({ length: 24 }, (_, i) => `${JSON.stringify({ text: reviews.slice(40 * i, 40 * i + 40).join(' ') })}\n`).join(''));
    return file;
  }

  /** 600 kB: more than the run itself would tokenise. */
  function manyTexts(): string {
    const file = join(place.folder, 'many.jsonl');
    writeFileSync(file, readFileSync(texts(), 'utf8').repeat(Math.ceil(600_000 / readFileSync(texts()).length)));
    return file;
  }

  const large = { hidden_size: 512, intermediate_size: 2048, num_hidden_layers: 6, num_attention_heads: 8, num_key_value_heads: 8 };
  const words = { vocab_size: 50_257, num_hidden_layers: 1 };
  const random = ['init=random', 'finetuning=full', 'train.max_steps=2', 'train.eval_steps=0', 'train.save_steps=0'];
  const text = () => ['dataset.format=text', `dataset.path=${texts()}`, 'max_length=256', 'train.per_device_train_batch_size=1'];

  it.each([
    ['the quickstart', () => ['train.max_steps=12']],
    ['packed rows', () => ['train.max_steps=12', 'packing=true']],
    ['every weight learns', () => [...random, `model=${model('large', large)}`, 'dataset.max_samples=64', 'max_length=64', 'train.per_device_train_batch_size=2']],
    ['an evaluation of many words', () => [...random, `model=${model('words', words)}`, ...text(), 'dataset.val_size=12']],
    ['texts that a process beside it tokenises', () => [...random, 'stage=pretrain', 'dataset.format=text', `dataset.path=${manyTexts()}`, 'train.per_device_train_batch_size=1']],
    ['few labels of many words', () => [...random, `model=${model('sparse', words)}`, 'train.per_device_train_batch_size=128']],
  ])('is what a run takes: %s', async (name, settings) => {
    const set = [...settings(), 'sample.prompts=[]', 'train.eval_on_start=false'].flatMap((value) => ['--set', value]);
    const { stdout, stderr } = await place.run('train', quickstart, ...set, '--json');
    expect(stderr).toBe('');
    const events = stdout.trim().split('\n').map((line) => JSON.parse(line) as { type: string; estimated_memory_bytes: number; peak_memory_bytes: number });
    const estimated = events.find(({ type }) => type === 'started')!.estimated_memory_bytes;
    const measured = events.find(({ type }) => type === 'completed')!.peak_memory_bytes;
    expect(estimated / measured, `${name}: ${estimated} of ${measured}`).toBeGreaterThan(0.75);
    expect(estimated / measured, `${name}: ${estimated} of ${measured}`).toBeLessThan(1.33);
  });
});
