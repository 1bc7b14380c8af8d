/** Real models beside the checkout: recorded logits, recorded text, a published loss. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTokenizer, type Tokenizer } from '../../src/data/tokenizer/index.js';
import type { Executable } from '../../src/engine/contract.js';
import { onnxEngine } from '../../src/engine/onnx/index.js';
import type { Model } from '../../src/models/contract.js';
import { readModel } from '../../src/models/registry.js';
import { initialWeights } from '../../src/models/weights.js';
import { argMax, compile, greatestDifference, labelFeeds, material, modelProgram, readJson, tokenFeeds } from '../golden/support.js';

async function open(model: Model, folder: string): Promise<Executable> {
  const weights = initialWeights(model, folder);
  return compile(onnxEngine, modelProgram(model), ({ name }) => weights(name));
}

/** The most likely continuation, without a cache. */
async function greedy(executable: Executable, { vocabSize }: Model, prompt: readonly number[], count: number): Promise<number[]> {
  const ids = [...prompt];
  while (ids.length < prompt.length + count) {
    const { logits } = await executable.run('logits', tokenFeeds([ids], [ids.map(() => 1)]));
    ids.push(argMax(logits.data.subarray(-vocabSize)));
  }
  return ids;
}

const gpt2Folder = join(material, 'models', 'tiny-random-gpt2');

describe.skipIf(!existsSync(gpt2Folder))('tiny-random-gpt2 (skipped without it beside the checkout)', () => {
  const model = () => readModel(gpt2Folder);
  interface Recorded {
    readonly input_ids: number[][];
    readonly greedy_max_length_10: number[][];
    readonly prompt_logits_every_200th: number[][][];
  }
  let executable: Executable;
  let recorded: Recorded;
  beforeAll(async () => {
    executable = await open(model(), gpt2Folder);
    recorded = readJson<Recorded>(gpt2Folder, 'expected.json');
  });
  afterAll(() => executable.dispose());

  it('gives the recorded logits', async () => {
    const { logits } = await executable.run('logits', tokenFeeds(recorded.input_ids, recorded.input_ids.map((row) => row.map(() => 1))));
    const every200th = logits.data.filter((_, i) => i % 200 === 0);
    expect(greatestDifference(every200th, recorded.prompt_logits_every_200th.flat(2))).toBeLessThan(1e-6);
  });

  it('continues with the recorded tokens', async () => {
    for (const [i, prompt] of recorded.input_ids.entries()) expect(await greedy(executable, model(), prompt, 6)).toEqual(recorded.greedy_max_length_10[i]);
  });
});

const storiesFolder = join(material, 'models', 'stories260k');
const storiesText = join(material, 'datasets', 'tinystories-excerpts', 'tinystories_val_split_head.txt');

describe.skipIf(!existsSync(storiesFolder) || !existsSync(storiesText))('stories260k (skipped without it beside the checkout)', () => {
  let executable: Executable;
  let tokenizer: Tokenizer;
  let model: Model;
  beforeAll(async () => {
    model = readModel(storiesFolder);
    executable = await open(model, storiesFolder);
    tokenizer = await loadTokenizer(storiesFolder);
  });
  afterAll(() => executable.dispose());

  it('tells the story of its model card', async () => {
    const card = readFileSync(join(storiesFolder, 'stories260K.md'), 'utf8');
    const story = /-t 0\.0\n([\s\S]*?)\n```/.exec(card)![1];
    const ids = await greedy(executable, model, [1], 255);
    expect(tokenizer.decode(Int32Array.from(ids))).toContain(story.slice(0, -1)); // the card's last full stop is one token further
  });

  it('has its published loss on TinyStories: 1.27 to 1.30 by document, first 512 tokens', async () => {
    // Stories stand in a row, a blank line between them as between their paragraphs; from the 350th on, many are mis-decoded.
    const documents = readFileSync(storiesText, 'utf8').split(/\n\n(?=Once upon a time)/).slice(0, 100);
    const rows: number[][] = [];
    for (const text of documents) rows.push([...(await tokenizer.encode(text))].slice(0, 512));
    expect(rows.every(([first]) => first === model.bosTokenId)).toBe(true);
    let [sum, count] = [0, 0];
    for (const ids of rows) {
      const { loss } = await executable.run('loss', { ...tokenFeeds([ids], [ids.map(() => 1)]), ...labelFeeds([ids], 1) });
      sum += loss.data[0];
      count += ids.length - 1;
    }
    expect(sum / count).toBeGreaterThan(1.27);
    expect(sum / count).toBeLessThan(1.3);
  });
});
