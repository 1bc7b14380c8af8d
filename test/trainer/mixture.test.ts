/** What an evaluation says of each set of a mixture. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { chooseEngine } from '../../src/engine/registry.js';
import { evaluateDataset, openModel } from '../../src/trainer/open.js';
import { demo, experimentOf, home } from './support.js';

it('has the loss of each set, which is what that set has alone', async () => {
  const folder = mkdtempSync(join(home, 'sets-'));
  const rows = readFileSync(join(demo, 'reviews', 'validation.jsonl'), 'utf8').split('\n');
  const place = (name: string, from: number, to: number): string => {
    mkdirSync(join(folder, name));
    for (const split of ['train', 'validation']) writeFileSync(join(folder, name, `${split}.jsonl`), rows.slice(from, to).join('\n'));
    return join(folder, name);
  };
  const [a, b] = [place('a', 0, 9), place('b', 9, 20)]; // the second batch of 8 has rows of both
  const open = await openModel({ model: join(demo, 'model'), purpose: null, adapter: null, tokenizer: null, quantization: 'none', precision: 'f32', engine: experimentOf().engine, chooseEngine, scratch: mkdtempSync(join(home, 'scratch-')) });
  try {
    const evaluated = (path: string, mix: readonly string[] = []) => evaluateDataset(open, experimentOf({ dataset: { path, format: 'classification', mix: mix.map((each) => ({ path: each, format: 'classification' })) } }), join(home, 'tokens'));
    const [alone, other, mixed] = [await evaluated(a), await evaluated(b), await evaluated(a, [b])];
    expect(alone.sets).toEqual([]);
    expect(mixed.sets.map(({ name, tokens }) => [name, tokens])).toEqual([['a', alone.tokens], ['b', other.tokens]]);
    expect(mixed.sets[0].loss).toBeCloseTo(alone.loss, 5);
    expect(mixed.sets[1].loss).toBeCloseTo(other.loss, 5);
    expect(mixed.loss).toBeCloseTo((alone.loss * alone.tokens + other.loss * other.tokens) / mixed.tokens, 5);
  } finally {
    await open.close();
  }
});
