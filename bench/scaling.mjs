/** How cost grows: an update with batch, length, rank and layers; tokenising with text; the run store with points. */
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadTokenizer } from '../dist/data/tokenizer/index.js';
import { readModel } from '../dist/models/registry.js';
import { randomWeights } from '../dist/models/weights.js';
import { openStore } from '../dist/store/store.js';
import { writeSafetensors } from '../dist/weights/safetensors.js';
import { parseExperiment } from '../dist/config/parse.js';
import { fullBatch, measure } from './training.mjs';

/** Rows `{ what, size, ms, per }`: milliseconds, and what `per` of the size they come to. */
export async function benchScaling({ folder, material, log }) {
  return [...(await ofUpdates(folder, log)), ...(await ofTokenizing(material)), ...(await ofStore())];
}

async function ofUpdates(folder, log) {
  const time = async (name, question, settings) => {
    const { ours } = await measure({ folder, python: null, questions: [question, question, question], settings, log, name });
    return ours.fastest;
  };
  const rows = [];
  const add = async (what, size, question, settings = {}) => {
    const ms = await time(`${what} ${size}`, question, settings);
    rows.push({ what, size, ms, per: ms / size });
  };
  for (const batch of [1, 2, 4, 8]) await add('rows of 128', batch, fullBatch(batch, 128));
  for (const length of [128, 256, 512]) await add('tokens of a row', length, fullBatch(1, length));
  for (const r of [8, 64, 256]) await add('rank', r, fullBatch(2, 128), { lora: { r, lora_alpha: 16 } });
  for (const layers of [3, 6, 12]) await add('layers', layers, fullBatch(2, 128), { model: await withLayers(folder, layers), lora: { r: 8, lora_alpha: 16 } });
  return rows;
}

/** The shape with fewer blocks, weights from a seed. */
async function withLayers(folder, layers) {
  const copy = join(folder, `layers-${layers}`);
  await mkdir(copy, { recursive: true });
  const config = JSON.parse(await readFile(join(folder, 'model/config.json'), 'utf8'));
  await writeFile(join(copy, 'config.json'), JSON.stringify({ ...config, n_layer: layers }));
  await cp(join(folder, 'model/generation_config.json'), join(copy, 'generation_config.json'));
  const model = readModel(copy);
  await writeSafetensors(join(copy, 'model.safetensors'), model.parameters, randomWeights(model, 1));
  return copy;
}

async function ofTokenizing(material) {
  const [text, folder] = [join(material, 'datasets/tinyshakespeare/input.txt'), join(material, 'tokenizers/gpt2')];
  if (!existsSync(text) || !existsSync(join(folder, 'tokenizer.json'))) return [];
  const texts = readFileSync(text, 'utf8').split('\n\n');
  const tokenizer = await loadTokenizer(folder);
  await tokenizer.encodeBatch(texts.slice(0, 100), { special: false });
  const rows = [];
  for (const times of [1, 2, 4]) {
    const many = Array.from({ length: times }, () => texts).flat();
    const start = performance.now();
    await tokenizer.encodeBatch(many, { special: false });
    const ms = performance.now() - start;
    rows.push({ what: 'MB of text, tokenised', size: Number((times * 1.1).toFixed(1)), ms, per: ms / (times * 1.1) });
  }
  return rows;
}

async function ofStore() {
  const home = await mkdtemp(join(tmpdir(), 'workbench-bench-store-'));
  try {
    const store = openStore(home);
    const config = parseExperiment({ model: 'model', dataset: { path: 'rows' } });
    const rows = [];
    for (const points of [1000, 4000, 16_000]) {
      const { id } = store.createRun({ name: `of-${points}`, config });
      const start = performance.now();
      for (let step = 1; step <= points; step++) {
        store.record(id, { type: 'step', step, total_steps: points, epoch: step / points, loss: 1 / step, learning_rate: 1e-4, grad_norm: 1, tokens_seen: step, tokens_per_second: 1, elapsed_time: step, remaining_time: 0, memory_bytes: 1 }, new Date().toISOString());
      }
      const ms = performance.now() - start;
      rows.push({ what: 'points logged to the store', size: points, ms, per: ms / points });
    }
    store.close();
    return rows;
  } finally {
    await rm(home, { recursive: true });
  }
}
