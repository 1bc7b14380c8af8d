/** What rows and tokens count in the loss: from a column, from functions, from key tokens; through cuts, blocks and the cache. */
import path from 'node:path';
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { moduleHash } from '../../src/config/module.js';
import { collate } from '../../src/data/batch/collate.js';
import type { EncodedRows } from '../../src/data/rows.js';
import { WeightList, weightsIn } from '../../src/data/weights.js';
import { jsonLines, prepare, scratch, tinyTokenizer, tokensOf } from './fixtures.js';

const weightsOf = (rows: EncodedRows): (number[] | null)[] => Array.from({ length: rows.length }, (_, i) => rows.weights(i) && [...rows.weights(i)!]);
const filled = (rows: EncodedRows, values: readonly number[]): number[][] => values.map((value, row) => new Array<number>(rows.tokenCount(row)).fill(value));

/** The settings of a module with these functions. */
function recipe(folder: string, functions: string): { path: string; sha256: string } {
  const file = path.join(folder, 'recipe.mjs');
  writeFileSync(file, `export default { ${functions} };`);
  return { path: file, sha256: moduleHash(file) };
}

describe('stretches of weights', () => {
  test('are those of each token', () => {
    const list = new WeightList();
    const given = [1, 1, 0.5, 0.5, 2, 1, 1, 3];
    for (const weight of given) list.add(1, weight);
    const runs = list.take()!;
    expect(runs.starts.length).toBe(4);
    for (let start = 0; start < given.length; start++) for (let end = start; end <= given.length; end++) expect([...weightsIn(runs, start, end - start)]).toEqual(given.slice(start, end));
  });

  test('are none where all are 1', () => {
    const list = new WeightList();
    list.add(10, 1);
    expect(list.take()).toBeNull();
  });
});

describe('dataset.weight_column', () => {
  test('weighs rows, leaves out those of 0, and rejects what is no weight', async () => {
    const folder = scratch({ 'rows.jsonl': jsonLines([{ text: 'one', w: 1 }, { text: 'two', w: 0 }, { text: 'three', w: 2.5 }, { text: 'four', w: -1 }, { text: 'five', w: '0.5' }, { text: 'six' }, { text: 'seven', w: null }]) });
    const { train, rejected, shares } = await prepare({ dataset: { path: path.join(folder, 'rows.jsonl'), format: 'text', weight_column: 'w' } }, await tinyTokenizer());
    expect(weightsOf(train)).toEqual(filled(train, [1, 2.5, 0.5]));
    expect(shares[0].dropped).toEqual({ 'weight 0': 1 });
    expect(rejected.map(({ line, reason }) => [line, reason])).toEqual([
      [4, '"w" is -1, which is no weight: a number of at least 0 is'],
      [6, 'no column "w", which dataset.weight_column names'],
      [7, '"w" is null, which is no weight: a number of at least 0 is'],
    ]);
  });

  test('gives a batch its weights and what to divide by', async () => {
    const folder = scratch({ 'rows.jsonl': jsonLines([{ text: 'one two', w: 1 }, { text: 'three', w: 2 }]) });
    const { train } = await prepare({ dataset: { path: path.join(folder, 'rows.jsonl'), format: 'text', weight_column: 'w' } }, await tinyTokenizer());
    const [a, b] = [train.labelCount(0), train.labelCount(1)];
    const batch = collate(train, [[0, 1]], { padId: 0 });
    expect([...batch.labelWeights!]).toEqual([...new Array<number>(a).fill(1), ...new Array<number>(b).fill(2)]);
    expect(batch.weight).toBe(a + 2 * b);
  });

  test('of 1 throughout is no weight at all', async () => {
    const folder = scratch({ 'rows.jsonl': jsonLines([{ text: 'one', w: 1 }, { text: 'two', w: 1 }]) });
    const { train } = await prepare({ dataset: { path: path.join(folder, 'rows.jsonl'), format: 'text', weight_column: 'w' } }, await tinyTokenizer());
    expect(weightsOf(train)).toEqual([null, null]);
    expect(collate(train, [[0, 1]], { padId: 0 }).labelWeights).toBeNull();
  });

  test('comes back from the cache, and follows the middle of a prompt that is left out', async () => {
    const folder = scratch({ 'rows.jsonl': jsonLines([{ prompt: 'a b c d e f g h i j k l m n o p', completion: ' q r', w: 3 }]) });
    const settings = { dataset: { path: path.join(folder, 'rows.jsonl'), format: 'prompt-completion' as const, weight_column: 'w' } };
    const tokenizer = await tinyTokenizer();
    const cache = path.join(folder, 'cache');
    const { train: whole, cache: first } = await prepare(settings, tokenizer, cache);
    const { train: cut, cache: second } = await prepare({ ...settings, max_length: 12 }, tokenizer, cache);
    expect([first, second]).toEqual(['written', 'read']);
    expect(weightsOf(whole)).toEqual(filled(whole, [3]));
    expect(cut.tokenCount(0)).toBeLessThan(whole.tokenCount(0));
    expect(weightsOf(cut)).toEqual(filled(cut, [3]));
  });
});

describe('functions', () => {
  test('filter, write, weigh; what they throw rejects the row', async () => {
    const folder = scratch({ 'rows.jsonl': jsonLines([{ q: 'one', a: ' x' }, { q: 'skip', a: ' x' }, { q: 'throw', a: ' x' }, { q: 'two', a: ' y' }, { q: 'none', a: '' }, { q: 'odd', a: ' z' }]) });
    const functions = `
      filter(row) { if (row.q === 'throw') throw new Error('no such question'); return row.q === 'odd' ? 1 : row.q !== 'skip'; },
      prompt: ({ q, a }) => ({ prompt: q, completion: a }),
      weight: ({ q }) => (q === 'two' ? 2 : 1)`;
    const { train, rejected, shares } = await prepare({ dataset: { path: path.join(folder, 'rows.jsonl') }, recipe: recipe(folder, functions) }, await tinyTokenizer());
    const tokenizer = await tinyTokenizer();
    expect(tokensOf(train).map((ids) => tokenizer.decode(ids))).toEqual(['one x', 'two y']);
    expect(weightsOf(train)).toEqual(filled(train, [1, 2]));
    expect(shares[0].dropped).toEqual({ filter: 1 });
    expect(rejected.map(({ line, reason }) => [line, reason])).toEqual([
      [3, 'filter threw: no such question'],
      [5, '"completion" is empty'],
      [6, 'filter gave 1, not true or false'],
    ]);
  });

  test('may give a text or messages, which the filters of the file look at', async () => {
    const folder = scratch({ 'rows.jsonl': jsonLines([{ q: 'one' }, { q: 'two' }, { q: 'one' }, { q: 'chat' }, { q: 3 }]) });
    const functions = `prompt: ({ q }) => q === 'chat' ? [{ role: 'user', content: 'hi' }, { role: 'assistant', content: 'ho' }] : q`;
    const { train, rejected, shares } = await prepare({ dataset: { path: path.join(folder, 'rows.jsonl'), template: 'plain', dedupe: 'exact' }, recipe: recipe(folder, functions) }, await tinyTokenizer());
    expect(train.length).toBe(3);
    expect(shares[0].dropped).toEqual({ duplicate: 1 });
    expect(rejected.map(({ reason }) => reason)).toEqual(['prompt gave 3, not a text, { prompt, completion } or a list of messages']);
  });

  test('that is left out for its weight is no reason to leave out another like it', async () => {
    const folder = scratch({ 'rows.jsonl': jsonLines([{ text: 'one', w: 0 }, { text: 'two', w: 'much' }, { text: 'one', w: 1 }, { text: 'two', w: 1 }, { text: 'one', w: 1 }]) });
    const { train, rejected, shares } = await prepare({ dataset: { path: path.join(folder, 'rows.jsonl'), format: 'text', dedupe: 'exact', weight_column: 'w' } }, await tinyTokenizer());
    expect(Array.from({ length: train.length }, (_, row) => train.place(row).line)).toEqual([3, 4]);
    expect(rejected.map(({ line }) => line)).toEqual([2]);
    expect(shares[0].dropped).toEqual({ 'weight 0': 1, duplicate: 1 });
  });

  test('tokenWeights weighs each token; 0 is read and not learned', async () => {
    const folder = scratch({ 'rows.jsonl': jsonLines([{ text: 'one two three' }, { text: 'short' }, { text: 'zero' }]) });
    const functions = `tokenWeights({ tokens, ids, text, row }) {
      if (!text.includes(row.text) || tokens.length !== ids.length) throw new Error('not the row');
      if (row.text === 'short') return [1];
      return Float32Array.from(ids, (_, t) => (row.text === 'zero' ? 0 : t === 1 ? 0 : t));
    }`;
    const { train, rejected } = await prepare({ dataset: { path: path.join(folder, 'rows.jsonl'), format: 'text' }, recipe: recipe(folder, functions) }, await tinyTokenizer());
    const tokenizer = await tinyTokenizer();
    const short = (await tokenizer.encode('short')).length;
    expect(rejected.map(({ reason }) => reason)).toEqual([`tokenWeights gave 1 weights for ${short} tokens`, 'it has no tokens to learn']);
    const length = train.tokenCount(0);
    expect(weightsOf(train)).toEqual([Array.from({ length }, (_, t) => (t === 1 ? 0 : t))]);
    expect(train.labels(0)[1]).toBe(-100);
    expect(train.labelCount(0)).toBe(length - 2);
  });

  test('weigh blocks of a running text too', async () => {
    const folder = scratch({ 'rows.jsonl': jsonLines([{ text: 'one two three four', w: 1 }, { text: 'five six seven', w: 1 }]) });
    const functions = `weight: ({ w }) => w, tokenWeights: ({ ids }) => Array.from(ids, (_, t) => t % 2)`;
    const { train } = await prepare({ dataset: { path: path.join(folder, 'rows.jsonl'), format: 'text' }, stage: 'pretrain', max_length: 6, recipe: recipe(folder, functions) }, await tinyTokenizer());
    for (let row = 0; row < train.length; row++) {
      const labels = train.labels(row);
      expect(train.labelCount(row)).toBe([...labels].filter((label, t) => t > 0 && label !== -100).length);
      expect([...train.weights(row)!]).toEqual(Array.from(labels, (label) => Number(label !== -100)));
    }
  });

  test('make other rows where they are changed', async () => {
    const folder = scratch({ 'rows.jsonl': jsonLines([{ text: 'one' }, { text: 'two' }]) });
    const settings = (functions: string) => ({ dataset: { path: path.join(folder, 'rows.jsonl'), format: 'text' as const }, recipe: recipe(folder, functions) });
    const cache = path.join(folder, 'cache');
    const tokenizer = await tinyTokenizer();
    expect((await prepare(settings(`weight: () => 2`), tokenizer, cache)).cache).toBe('written');
    expect((await prepare(settings(`weight: () => 2`), tokenizer, cache)).cache).toBe('read');
    const changed = await prepare(settings(`weight: () => 3`), tokenizer, cache);
    expect(changed.cache).toBe('written');
    expect(weightsOf(changed.train)).toEqual(filled(changed.train, [3, 3]));
  });
});

describe('key tokens', () => {
  const rows = jsonLines([{ text: 'the end of the day' }, { text: 'nothing here' }]);

  test('make a row count alpha · (1 + those in it), by its mean', async () => {
    const folder = scratch({ 'rows.jsonl': rows });
    const tokenizer = await tinyTokenizer();
    const dataset = { path: path.join(folder, 'rows.jsonl'), format: 'text' as const };
    const { train: plain } = await prepare({ dataset }, tokenizer);
    const [id] = tokensOf(plain)[0];
    const word = tokenizer.token(id);
    const count = (row: number) => tokensOf(plain)[row].filter((each) => tokenizer.token(each).trim() === word.trim()).length;
    expect(count(0)).toBeGreaterThan(0);
    const { train } = await prepare({ dataset, loss: { type: 'keytoken', tokens: [word.trim()], alpha: 0.5 } }, tokenizer);
    const factors = [0, 1].map((row) => 0.5 * (1 + count(row)));
    expect([train.factor(0), train.factor(1)]).toEqual(factors);
    const batch = collate(train, [[0], [1]], { padId: 0 });
    expect(batch.weight).toBe(2);
    expect([...batch.labelWeights!]).toEqual([0, 1].flatMap((row) => new Array<number>(train.labelCount(row)).fill(Math.fround(factors[row] / train.labelCount(row)))));
  });

  test('that are several tokens, or none, are refused by name', async () => {
    const folder = scratch({ 'rows.jsonl': rows });
    const dataset = { path: path.join(folder, 'rows.jsonl'), format: 'text' as const };
    const tokenizer = await tinyTokenizer();
    await expect(prepare({ dataset, loss: { type: 'keytoken', tokens: ['testtest'], alpha: 1 } }, tokenizer)).rejects.toThrow(/loss\.tokens: "testtest" is \d+ tokens of this tokenizer \(.*\), and a key token is one/);
    await expect(prepare({ dataset, loss: { type: 'keytoken', tokens: [], alpha: 1 } }, tokenizer)).rejects.toThrow(/name them as loss\.tokens/);
  });
});
