/** Instructions and answers, the prompts masked: label tokens a second, the very same batches on both sides. */
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseExperiment } from '../dist/config/parse.js';
import { prepareDataset } from '../dist/data/dataset.js';
import { layoutOf } from '../dist/data/layout.js';
import { loadTokenizer } from '../dist/data/tokenizer/index.js';
import { readModel } from '../dist/models/registry.js';
import { trainingLoader } from '../dist/trainer/estimate.js';
import { measure } from './training.mjs';

const updates = 6;

/** Null without the instructions. Both sides group rows by length, as Transformers' Trainer can; 4 rows an update. */
export async function benchInstructions({ folder, material, python, log }) {
  const [path, tokens] = [join(material, 'datasets/llama-factory-demo/alpaca_en_demo.json'), join(material, 'tokenizers/gpt2/tokenizer.json')];
  if (!existsSync(path) || !existsSync(tokens)) return null;
  await copyFile(tokens, join(folder, 'model/tokenizer.json'));
  const experiment = parseExperiment({ model: join(folder, 'model'), dataset: { path, format: 'alpaca', template: 'alpaca' }, max_length: 512, train: { per_device_train_batch_size: 4, group_by_length: true, seed: 1 } });
  const cacheFolder = await mkdtemp(join(tmpdir(), 'workbench-bench-'));
  try {
    const tokenizer = await loadTokenizer(experiment.model);
    const data = await prepareDataset(experiment, tokenizer, { cacheFolder });
    const loader = trainingLoader(experiment, data.train, { padId: tokenizer.fillId, layout: layoutOf(experiment, tokenizer, readModel(experiment.model)) });
    const questions = Array.from({ length: 1 + updates }, () => asQuestion(loader.next().microBatches[0].inputs));
    const result = await measure({ folder, python, questions, skipped: 1, log, name: 'instructions' });
    const timed = questions.slice(1);
    return { ...result, updates, labels: sum(timed, ({ labels }) => labels.length), real: sum(timed, ({ segments }) => segments.filter((each) => each > 0).length), padded: sum(timed, ({ ids }) => ids.length) };
  } finally {
    await rm(cacheFolder, { recursive: true });
  }
}

function asQuestion(inputs) {
  const [rows, length] = inputs.input_ids.shape;
  const list = ({ data }) => [...data];
  return { rows, length, ids: list(inputs.input_ids), positions: list(inputs.positions), segments: list(inputs.segments), label_rows: list(inputs.label_rows), labels: list(inputs.labels) };
}

function sum(items, value) {
  return items.reduce((total, item) => total + value(item), 0);
}
