import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { discoverDatasets, guessFormat, pairLines } from '../../src/data/look/discover.js';
import { lengthHistogram, previewRows } from '../../src/data/look/preview.js';
import { UserError } from '../../src/util/errors.js';
import { Random } from '../../src/util/random.js';
import { prepareDataset, prepareEvaluation } from '../../src/data/dataset.js';
import { evaluationSource } from '../../src/data/evaluation.js';
import { placeText } from '../../src/data/source/row.js';
import { goldenFolder, jsonLines, labelsOf, prepare, scratch, settings, tinyTokenizer, tokensOf } from './fixtures.js';

const pairs = Array.from({ length: 40 }, (_, i) => ({ prompt: `q${i} `, completion: `a${i}` }));
const format = 'prompt-completion' as const;

describe('rows that cannot be used', () => {
  test('are counted with line and reason, and the others are kept', async () => {
    const folder = scratch({ 'a.jsonl': jsonLines([pairs[0], { prompt: 'x' }, { prompt: 'x', completion: '' }, { prompt: ['x'], completion: 'y' }, { prompt: 'x', completion: null }, pairs[1]]) });
    const { train, rejected } = await prepare({ dataset: { path: folder, format } }, await tinyTokenizer());
    expect(train.length).toBe(2);
    expect(rejected.map(({ line, reason }) => `${line}: ${reason}`)).toEqual(['2: no column "completion"', '3: "completion" is empty', '4: "prompt" is not a text', '5: "completion" is empty']);
  });

  test.each<[string, object[], object, RegExp]>([
    ['no rows', [], {}, /has no rows: give a file with at least one$/],
    ['a missing column', [{ prompt: 'x', answer: 'y' }, { prompt: 'z', score: 1 }], { format }, /has no column "completion"; it has prompt, answer, score:/],
    ['nothing but bad rows', [{ prompt: 'x', completion: '' }], { format }, /none of the 1 rows .* can be used; the first, .*a\.jsonl:1: "completion" is empty/],
    ['an unknown column name', pairs, { format, columns: { prmpt: 'q' } }, /dataset\.columns\.prmpt: format prompt-completion reads prompt, completion/],
    ['an unknown template', pairs, { format, template: 'chatlm' }, /no template "chatlm"; choose alpaca, chatml/],
    ['a template without use', [{ text: 'x' }], { format: 'text', template: 'alpaca' }, /takes its text as it is/],
    ['a share that leaves nothing', pairs.slice(0, 1), { format, val_size: 0.5 }, /leave none to train on/],
    ['rows longer than they may be', [{ messages: [{ role: 'user', content: 'x '.repeat(99) }, { role: 'assistant', content: 'y' }, { role: 'user', content: 'x' }, { role: 'assistant', content: 'y' }] }], { format: 'chat' }, /within max_length 32/],
  ])('%s stops with a sentence', async (_, rows, dataset, message) => {
    const folder = scratch({ 'a.jsonl': jsonLines(rows) });
    const error: unknown = await prepare({ dataset: { path: folder, ...dataset }, max_length: 32 }, await tinyTokenizer()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(String(error)).toMatch(message);
  });
});

describe('rows for evaluation', () => {
  const rows = { 'a.jsonl': jsonLines(pairs) };

  test('are read alone where they have files of their own', async () => {
    const tokenizer = await tinyTokenizer();
    const only = async (dataset: object) => (await prepareEvaluation(settings({ dataset: { path: '/nowhere', format, ...dataset } }), tokenizer, { cacheFolder: scratch() }))?.length ?? null;
    const testOnly = scratch({ 'test.jsonl': jsonLines(pairs.slice(0, 5)) });
    const damaged = scratch({ 'train.jsonl': 'no rows at all', 'validation.jsonl': jsonLines(pairs.slice(0, 3)) });
    expect(await only({ eval: testOnly })).toBe(5);
    expect(await only({ path: damaged })).toBe(3);
    expect(await only({ path: scratch(rows), val_size: 0.1 })).toBe(4);
    expect(await only({ path: scratch(rows) })).toBe(null);
    const split = (dataset: object) => evaluationSource(settings({ dataset: { path: '/nowhere', format, ...dataset } }).dataset, 'sft')?.split;
    expect([{ eval: testOnly }, { path: damaged }, { path: scratch(rows), val_size: 0.1 }, { path: scratch(rows) }, { eval: scratch(rows) }].map(split)).toEqual(['test', 'validation', 'held-out', undefined, 'all']);
  });

  test('are drawn by seed, and are not trained on', async () => {
    const tokenizer = await tinyTokenizer();
    const dataset = { path: scratch(rows), format, val_size: 0.1 };
    const split = async (seed: number) => {
      const data = await prepare({ dataset, train: { seed } }, tokenizer);
      return { train: tokensOf(data.train), eval: tokensOf(data.eval!) };
    };
    const one = await split(1);
    expect([one.train.length, one.eval.length]).toEqual([36, 4]);
    expect(new Set([...one.train, ...one.eval].map(String)).size).toBe(40);
    expect(await split(1)).toEqual(one);
    expect((await split(2)).eval).not.toEqual(one.eval);
  });

  test('may be fewer while it trains: a fixed draw of them, in their order; an evaluation apart takes all', async () => {
    const tokenizer = await tinyTokenizer();
    const folder = scratch({ 'train.jsonl': jsonLines(pairs.slice(0, 20)), 'validation.jsonl': jsonLines(pairs.slice(20)) });
    for (const dataset of [{ path: folder, format }, { path: path.join(folder, 'train.jsonl'), format, val_size: 12 }]) {
      const rowsWith = async (max_eval_samples: number | null) => tokensOf((await prepare({ dataset: { ...dataset, max_eval_samples } }, tokenizer)).eval!).map(String);
      const [all, some] = [await rowsWith(null), await rowsWith(5)];
      expect(some).toHaveLength(5);
      expect(all.filter((row) => some.includes(row))).toEqual(some);
      expect(await rowsWith(5)).toEqual(some);
      expect(await rowsWith(100)).toEqual(all);
    }
  });

  test('may be a number of rows, a file, or the validation split of the folder', async () => {
    const tokenizer = await tinyTokenizer();
    const path1 = scratch({ 'train.jsonl': jsonLines(pairs), 'validation.jsonl': jsonLines(pairs.slice(0, 3)), 'other.jsonl': jsonLines(pairs.slice(0, 2)) });
    const lengths = async (dataset: object) => {
      const data = await prepare({ dataset: { path: path1, format, ...dataset } }, tokenizer);
      return [data.train.length, data.eval?.length ?? null];
    };
    expect(await lengths({})).toEqual([40, 3]);
    expect(await lengths({ val_size: 5 })).toEqual([35, 5]);
    expect(await lengths({ eval: path.join(path1, 'other.jsonl') })).toEqual([40, 2]);
    expect(await lengths({ eval: scratch({ 'test.jsonl': jsonLines(pairs.slice(0, 4)) }) })).toEqual([40, 4]);
    expect(await lengths({ path: path.join(path1, 'train.jsonl') })).toEqual([40, null]);
    expect(await lengths({ max_samples: 7 })).toEqual([7, 3]);
  });
});

test('a folder with nothing but test rows is no dataset to train on', async () => {
  const path1 = scratch({ 'test.jsonl': jsonLines(pairs) });
  await expect(prepare({ dataset: { path: path1, format } }, await tinyTokenizer())).rejects.toThrow(/no files to train on/);
});

describe('the cache', () => {
  const setup = async (content = jsonLines([...pairs, { prompt: 'x' }])) => {
    const folder = scratch({ 'a.jsonl': content });
    const cache = path.join(folder, 'cache');
    const tokenizer = await tinyTokenizer();
    const load = (dataset: object = {}, max_length = 512) => prepare({ dataset: { path: path.join(folder, 'a.jsonl'), format, ...dataset }, max_length }, tokenizer, cache);
    return { folder, cache, load };
  };

  test('gives the same rows and rejections as the files', async () => {
    const { load } = await setup();
    const fresh = await load();
    const kept = await load();
    expect([fresh.cache, kept.cache]).toEqual(['written', 'read']);
    expect(tokensOf(kept.train)).toEqual(tokensOf(fresh.train));
    expect(labelsOf(kept.train)).toEqual(labelsOf(fresh.train));
    expect(kept.rejected).toEqual(fresh.rejected);
  });

  test('is asked again when a setting or the content changes, but not for another length', async () => {
    const { folder, load } = await setup();
    await load();
    expect((await load({}, 6)).cache).toBe('read');
    expect((await load({ val_size: 0.5 })).cache).toBe('read');
    expect((await load({ template: 'chatml' })).cache).toBe('written');
    expect((await load({ max_samples: 3 })).cache).toBe('written');
    writeFileSync(path.join(folder, 'a.jsonl'), jsonLines([...pairs].reverse()));
    expect((await load()).cache).toBe('written');
  });

  test('a damaged file is found out and written anew', async () => {
    const { cache, load } = await setup();
    const expected = tokensOf((await load()).train);
    const [name] = readdirSync(cache);
    const file = path.join(cache, name);
    const whole = readFileSync(file);
    const random = new Random('damage');
    for (let round = 0; round < 40; round++) {
      const damaged = round % 4 === 0 ? whole.subarray(0, random.below(whole.length)) : Buffer.from(whole);
      if (round % 4 !== 0) damaged[random.below(whole.length)] ^= 1 << random.below(8);
      writeFileSync(file, damaged);
      expect(tokensOf((await load()).train)).toEqual(expected);
    }
    expect(readFileSync(file)).toEqual(whole);
    expect(readdirSync(cache)).toEqual([name]);
  });

  test('that cannot be written does not stop the run', async () => {
    const { folder, cache, load } = await setup();
    writeFileSync(cache, 'a file where the folder should be');
    const { train, cache: use } = await load();
    expect([train.length, use]).toEqual([40, 'not kept']);
    expect(readdirSync(folder).sort()).toEqual(['a.jsonl', 'cache']);
  });
});

test('a preview shows the text, its tokens and what is learned', async () => {
  const tokenizer = await tinyTokenizer();
  const data = await prepare({ dataset: { path: scratch({ 'a.jsonl': jsonLines(pairs) }), format } }, tokenizer);
  const [row, ...others] = previewRows(data, tokenizer, [0, 1, 2]);
  expect(others.length).toBe(2);
  expect(row.text).toBe('<s>q0 a0</s>');
  expect(others.map(({ row, line, last_line }) => [row, line, last_line])).toEqual([[2, 2, 2], [3, 3, 3]]);
  expect(row.tokens.map(({ text }) => text).join('')).toBe(row.text);
  expect(row.tokens.filter(({ trained }) => trained).map(({ text }) => text).join('')).toBe('a0</s>');
});

test('rows of a list on one line are named by their numbers, from the cache too', async () => {
  const tokenizer = await tinyTokenizer();
  const rows = [pairs[0], { prompt: 'q' }, pairs[1], { prompt: 'q', completion: '' }];
  const of = { dataset: { path: scratch({ 'a.json': JSON.stringify(rows) }), format } };
  const cacheFolder = scratch();
  for (const use of ['written', 'read']) {
    const { train, rejected, cache } = await prepareDataset(settings(of), tokenizer, { cacheFolder });
    expect(cache).toBe(use);
    expect(rejected.map((row) => `${placeText(row, path.basename(row.file))}: ${row.reason}`)).toEqual(['a.json, row 2: no column "completion"', 'a.json, row 4: "completion" is empty']);
    expect(placeText(train.place(1), 'a.json')).toBe('a.json, row 3');
    expect(placeText({ ...train.place(0), last_line: 3 }, 'a.json')).toBe('a.json, row 1–3');
  }
  await expect(prepare({ dataset: { path: scratch({ 'b.json': JSON.stringify([{ prompt: 'q', completion: '' }, { prompt: 'q', completion: '' }]) }), format } }, tokenizer)).rejects.toThrow(/b\.json, row 1: "completion" is empty/);
});

test('the histogram counts lengths before cutting', async () => {
  const tokenizer = await tinyTokenizer();
  const { train, cutRows } = await prepare({ dataset: { path: scratch({ 'a.jsonl': jsonLines([...pairs, { prompt: 'z'.repeat(90), completion: 'y' }]) }), format }, max_length: 16 }, tokenizer);
  const { buckets, longest, cut, mean } = lengthHistogram(train, 16, 10);
  expect({ longest, cut }).toEqual({ longest: 93, cut: cutRows });
  expect(cutRows).toBe(1);
  expect(buckets.reduce((sum, bucket) => sum + bucket.rows, 0)).toBe(41);
  expect(buckets[buckets.length - 1].rows).toBe(1);
  expect(mean).toBeGreaterThan(5);
});

test('a long text is split into rows that leave no token out; a conversation keeps to its row', async () => {
  const tokenizer = await tinyTokenizer();
  const text = 'abcdefghij '.repeat(9);
  const path = scratch({ 'a.jsonl': jsonLines([{ text }, { text: 'short' }]) });
  const dataset = { path, format: 'text' as const };
  const whole = tokensOf((await prepare({ dataset, max_length: 500 }, tokenizer)).train);
  const { train, cutRows } = await prepare({ dataset, max_length: 16, overflow: 'split' }, tokenizer);
  const rows = tokensOf(train);
  expect(cutRows).toBe(0);
  expect(rows.slice(0, -1).flat()).toEqual(whole[0]);
  expect(rows.slice(0, -2).map((row) => row.length)).toEqual(Array.from({ length: rows.length - 2 }, () => 16));
  expect(rows.at(-1)).toEqual(whole[1]);
  expect(train.place(2)).toEqual(train.place(0));
  expect(train.totalLabels).toBe(rows.reduce((sum, row) => sum + row.length - 1, 0));

  const answers = { dataset: { path: scratch({ 'b.jsonl': jsonLines([{ prompt: 'z'.repeat(90), completion: 'y' }]) }), format }, max_length: 16 };
  expect(tokensOf((await prepare({ ...answers, overflow: 'split' }, tokenizer)).train)).toEqual(tokensOf((await prepare(answers, tokenizer)).train));
});

describe('datasets on this machine', () => {
  test('are found with their columns and a guess at the format', async () => {
    const folder = scratch({
      'a.jsonl': '{"instruction":"x","input":{"y":1},"output":"z"}\n\n{}\n',
      'b/train.csv': 'text,label\n"a\nb",1\n',
      'b/test.csv': 'text,label\na,1\n',
      'deep/c/story.txt': 'once\n',
      'list.json': '[{"messages": [{"role": "user"}]}]',
      'LICENSE.txt': 'free',
      'broken.json': '[{',
    });
    mkdirSync(path.join(folder, 'empty'));
    const found = await discoverDatasets([folder, path.join(folder, 'nowhere')]);
    expect(found.map(({ name, rows, guess, columns }) => [name, rows, guess, columns.join()])).toEqual([
      ['a.jsonl', 2, 'alpaca', 'instruction,input,output'],
      ['b', 1, 'classification', 'text,label'],
      ['list.json', 1, 'chat', 'messages'],
      ['story.txt', 1, 'text', 'text'],
    ]);
  });

  test.each(['rows.jsonl', 'rows.jsonl.gz', 'rows.jsonl.zst', 'zstd.parquet', 'brotli.parquet', 'plain.feather', 'saved'])('%s is told with columns and rows', async (name) => {
    const [plain] = await discoverDatasets([path.join(goldenFolder, 'columns/rows.jsonl')]);
    const [entry] = await discoverDatasets([path.join(goldenFolder, 'columns', name)]);
    expect(entry).toMatchObject({ supported: true, guess: plain.guess });
    expect([...entry.columns]).toEqual(expect.arrayContaining([...plain.columns]));
    if (name !== 'saved') expect(entry.rows).toBe(plain.rows);
    expect(entry.rows).toBeGreaterThan(0);
  });

  test('a format is guessed only when all its columns are there', () => {
    expect(guessFormat(['question', 'answer'])).toBe(null);
    expect(pairLines(['question', 'answer'])).toBe('format: prompt-completion, columns: {prompt: question, completion: answer}');
    expect(pairLines(['question'])).toBe(null);
    expect(guessFormat(['text', 'label', 'id'])).toBe('classification');
    expect(guessFormat(['text', 'id'])).toBe('text');
  });
});
