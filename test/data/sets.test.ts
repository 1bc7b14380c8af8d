/** Sets mixed, filtered, and named by a dataset_info.json. */
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DatasetConfig } from '../../src/config/schema.js';
import { setNames } from '../../src/data/sets.js';
import type { EncodedRows } from '../../src/data/rows.js';
import { duplicateFinder } from '../../src/data/filter/duplicates.js';
import { nearShare } from '../../src/data/filter/minhash.js';
import { Random } from '../../src/util/random.js';
import { jsonLines, material, prepare, scratch, tinyTokenizer, tokensOf, withoutMaterial } from './fixtures.js';

const texts = (letter: string, count: number) => jsonLines(Array.from({ length: count }, (_, i) => ({ text: `${letter}${i}` })));
const mixed = (path: string, more: Partial<DatasetConfig['mix'][number]> = {}) => ({ path, name: null, format: 'text' as const, columns: {}, tags: {}, template: null, max_samples: null, weight: 1, weight_column: null, ...more });

async function textsOf(rows: EncodedRows): Promise<string[]> {
  const tokenizer = await tinyTokenizer();
  return tokensOf(rows).map((ids) => tokenizer.decode(ids));
}

describe('a mixture', () => {
  test('holds the rows of every set, each by its weight', async () => {
    const folder = scratch({ 'a.jsonl': texts('a', 6), 'b.jsonl': texts('b', 10), 'c.jsonl': jsonLines([{ body: 'c0' }]) });
    const at = (name: string) => path.join(folder, name);
    const load = (seed: number) => prepare({ dataset: { path: at('a.jsonl'), format: 'text', mix: [mixed(at('b.jsonl'), { weight: 0.3 }), mixed(at('c.jsonl'), { weight: 2, columns: { text: 'body' } })] }, train: { seed } }, tinyTokenizerOnce);
    const tinyTokenizerOnce = await tinyTokenizer();
    const { train, shares } = await load(1);
    const seen = await textsOf(train);
    expect(seen.filter((text) => text.startsWith('a'))).toEqual(['a0', 'a1', 'a2', 'a3', 'a4', 'a5']);
    expect(new Set(seen.filter((text) => text.startsWith('b'))).size).toBe(3);
    expect(seen.filter((text) => text.startsWith('c'))).toEqual(['c0', 'c0']);
    expect(shares.map(({ rows }) => rows)).toEqual([6, 3, 2]);
    expect(await textsOf((await load(1)).train)).toEqual(seen);
    expect(await textsOf((await load(2)).train)).not.toEqual(seen);
    expect(train.totalTokens).toBe(tokensOf(train).reduce((sum, ids) => sum + ids.length, 0));
  });

  test('is evaluated on rows held out of all sets, which no weight brings back', async () => {
    const folder = scratch({ 'a.jsonl': texts('a', 20), 'b.jsonl': texts('b', 20) });
    const { train, eval: held } = await prepare({ dataset: { path: path.join(folder, 'a.jsonl'), format: 'text', val_size: 0.25, mix: [mixed(path.join(folder, 'b.jsonl'), { weight: 3 })] } }, await tinyTokenizer());
    const [trained, kept] = [new Set(await textsOf(train)), await textsOf(held!)];
    expect(kept.length).toBe(10);
    expect(kept.filter((text) => trained.has(text))).toEqual([]);
    expect(trained.size).toBe(30);
  });

  test('names the place of each row', async () => {
    const folder = scratch({ 'a.jsonl': texts('a', 2), 'b.jsonl': `\n${texts('b', 2)}` });
    const { train } = await prepare({ dataset: { path: path.join(folder, 'a.jsonl'), format: 'text', mix: [mixed(path.join(folder, 'b.jsonl'))] } }, await tinyTokenizer());
    const places = Array.from({ length: train.length }, (_, row) => train.place(row));
    expect(places.map(({ file, line }) => `${path.basename(file)}:${line}`)).toEqual(['a.jsonl:1', 'a.jsonl:2', 'b.jsonl:2', 'b.jsonl:3']);
  });
});

test('sets have names of their own, those of one file too', () => {
  expect(setNames(['/d/a.jsonl', '/d/b.jsonl'].map((each) => ({ path: each })))).toEqual(['a.jsonl', 'b.jsonl']);
  expect(setNames(['/d/a.jsonl', '/e/a.jsonl', '/d/a.jsonl', '/d/b.jsonl', '/d/b.jsonl'].map((each) => ({ path: each })))).toEqual(['/d/a.jsonl (1)', '/e/a.jsonl', '/d/a.jsonl (2)', 'b.jsonl (1)', 'b.jsonl (2)']);
});

describe('a filter', () => {
  const rows = [
    { text: 'import pandas as pd', lang: 'py' },
    { text: 'import os', lang: 'py' },
    { text: 'Library(ggplot)', lang: 'r' },
    { text: 'import pandas # generated', lang: 'py' },
    { text: 'x', lang: 'r' },
  ];
  const filtered = async (filter: Partial<DatasetConfig['filter']>, dedupe: DatasetConfig['dedupe'] = 'none', from: readonly object[] = rows) => {
    const folder = scratch({ 'a.jsonl': jsonLines(from) });
    const { train, shares } = await prepare({ dataset: { path: folder, format: 'text', filter: { contains: [], excludes: [], matches: null, min_length: 0, max_length: null, where: {}, ...filter }, dedupe } }, await tinyTokenizer());
    return { lines: Array.from({ length: train.length }, (_, row) => train.place(row).line), ...shares[0] };
  };

  test.each<[string, Partial<DatasetConfig['filter']>, number[], Record<string, number>]>([
    ['words', { contains: ['pandas', 'ggplot'] }, [1, 3, 4], { contains: 2 }],
    ['unwanted words', { excludes: ['generated'] }, [1, 2, 3, 5], { excludes: 1 }],
    ['an expression', { matches: '/^library/i' }, [3], { matches: 4 }],
    ['lengths', { min_length: 2, max_length: 15 }, [2, 3], { min_length: 1, max_length: 2 }],
    ['a column', { where: { lang: ['r', 'julia'] } }, [3, 5], { 'where lang': 3 }],
    ['all together', { contains: ['import'], excludes: ['generated'], where: { lang: 'py' }, min_length: 10 }, [1], { 'where lang': 2, min_length: 1, excludes: 1 }],
  ])('by %s', async (_, filter, lines, dropped) => {
    expect(await filtered(filter)).toMatchObject({ lines, dropped, read: 5 });
  });

  test('that keeps nothing, or is no expression, says so', async () => {
    await expect(filtered({ contains: ['numpy'] })).rejects.toThrow(/keeps none of the 5 rows .*\(5 by contains\): loosen dataset\.filter/);
    await expect(filtered({ matches: '(' })).rejects.toThrow(/dataset\.filter\.matches: /);
  });

  test('leaves out what was seen before', async () => {
    const twice = [...rows, { text: 'import  PANDAS as pd', lang: 'py' }];
    expect(await filtered({}, 'exact', twice)).toMatchObject({ lines: [1, 2, 3, 4, 5], dropped: { duplicate: 1 } });
  });
});

test('near duplicates are those that share most of their shingles, as counting them all finds', () => {
  const random = new Random('near duplicates');
  const text = () => Array.from({ length: 60 + random.below(60) }, () => `word${random.below(500)}`);
  const shingles = (of: readonly string[]) => new Set(of.slice(4).map((_, i) => of.slice(i, i + 5).join(' ')));
  const jaccard = (a: Set<string>, b: Set<string>) => {
    let common = 0;
    for (const shingle of a) common += Number(b.has(shingle));
    return common / (a.size + b.size - common);
  };
  const margin = 0.12; // three standard errors of the estimate
  const finder = duplicateFinder('near');
  const texts: string[][] = [];
  const kept: Set<string>[] = [];
  const judged = { near: 0, far: 0 };
  for (let row = 0; row < 400; row++) {
    const words = row % 2 === 0 || texts.length === 0 ? text() : [...texts[random.below(texts.length)]];
    for (let changes = row % 2 === 0 ? 0 : random.below(7); changes > 0; changes--) words[random.below(words.length)] = `other${row}`;
    texts.push(words);
    const own = shingles(words);
    const similarity = Math.max(0, ...kept.map((other) => jaccard(own, other)));
    const found = finder.seen(words.join(' '));
    if (!found) kept.push(own);
    if (Math.abs(similarity - nearShare) < margin) continue;
    expect(found, `row ${row}, similarity ${similarity}`).toBe(similarity > nearShare);
    judged[similarity > nearShare ? 'near' : 'far']++;
  }
  expect(Math.min(judged.near, judged.far)).toBeGreaterThan(20);
});

test.each(['exact', 'near'] as const)('a search for %s duplicates goes on from what was put down of it', (kind) => {
  const random = new Random('marks');
  const texts = Array.from({ length: 3000 }, () => Array.from({ length: 8 }, () => `w${random.below(3)}`).join(' '));
  const whole = duplicateFinder(kind);
  const answers = texts.map((text) => whole.seen(text));
  expect(answers.filter(Boolean).length).toBeGreaterThan(50);
  const first = duplicateFinder(kind);
  for (const text of texts.slice(0, 2000)) first.seen(text);
  const second = duplicateFinder(kind);
  second.remember(first.takeMarks());
  expect(texts.slice(2000).map((text) => second.seen(text))).toEqual(answers.slice(2000));
  expect(first.takeMarks().length).toBe(0);
});

describe('an entry of dataset_info.json', () => {
  const index = (entries: object, files: Record<string, string>) => scratch({ 'dataset_info.json': JSON.stringify(entries), ...files });

  test('names file, format, columns and tags', async () => {
    const folder = index(
      { qa: { file_name: 'qa.json', columns: { prompt: 'q', response: 'a' } }, talk: { file_name: 'talk.json', formatting: 'sharegpt', columns: { messages: 'turns' }, tags: { role_tag: 'who', content_tag: 'said', user_tag: 'me', assistant_tag: 'you' } } },
      { 'qa.json': '[{"q": "one", "a": "two"}]', 'talk.json': '[{"turns": [{"who": "me", "said": "Hi"}, {"who": "you", "said": "Ho"}]}]' },
    );
    const tokenizer = await tinyTokenizer();
    const text = async (name: string, template: string) => {
      const { train } = await prepare({ dataset: { path: folder, name, template } }, tokenizer);
      return tokenizer.decode(train.tokens(0), { special: true });
    };
    expect(await text('qa', 'plain')).toBe('<s>one\ntwo</s>');
    expect(await text('talk', 'plain')).toBe('<s>Hi\nHo</s>');
    const { shares } = await prepare({ dataset: { path: folder, name: 'qa', template: 'plain', mix: [{ ...mixed(''), path: null, name: 'talk', template: 'plain' }] } }, tokenizer);
    expect(shares.map(({ path: file, rows }) => [path.basename(file), rows])).toEqual([['qa.json', 1], ['talk.json', 1]]);
  });

  test.each<[string, object, RegExp]>([
    ['there is not', {}, /has no entry "x"/],
    ['on a hub', { x: { hf_hub_url: 'someone/data' } }, /the data of "x" lies on a hub; download it/],
    ['of preferences', { x: { file_name: 'a.json', ranking: true } }, /made of preferences/],
    ['of pictures', { x: { file_name: 'a.json', formatting: 'sharegpt', columns: { messages: 'm', images: 'images' } } }, /a column of images/],
    ['written wrongly', { x: { file_name: 3 } }, /is not as LLaMA-Factory has them: file_name/],
  ])('%s is refused', async (_, entries, message) => {
    await expect(prepare({ dataset: { path: index(entries, {}), name: 'x' } }, await tinyTokenizer())).rejects.toThrow(message);
  });

  test.skipIf(withoutMaterial)('of the real file can be read, for answers and for whole texts', async () => {
    const folder = path.join(material, 'datasets/llama-factory-demo');
    const tokenizer = await tinyTokenizer();
    const rows = async (name: string, stage: 'sft' | 'pretrain' = 'sft') => (await prepare({ dataset: { path: folder, name, max_samples: 20, template: stage === 'sft' ? 'alpaca' : null }, stage }, tokenizer)).train.length;
    expect(await rows('alpaca_en_demo')).toBe(20);
    expect(await rows('alpaca_zh_demo')).toBe(20);
    expect(await rows('c4_demo', 'pretrain')).toBeGreaterThan(20);
    expect(await rows('wiki_demo', 'pretrain')).toBeGreaterThan(20);
  });
});
