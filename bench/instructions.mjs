/**
 * Instructions and answers, the prompts masked: label tokens a second. The same updates for all: ours with the documents of each in
 * fewer, fuller rows, as it is by default; ours padded; PyTorch padded, as Transformers' Trainer collates by default. Once with documents
 * in random order and once with those of about one length together; and beside it ours packed, for which PyTorch wants a graphics card.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseExperiment } from '../dist/config/parse.js';
import { prepareDataset } from '../dist/data/dataset.js';
import { layoutOf } from '../dist/data/batch/layout.js';
import { loadTokenizer } from '../dist/data/tokenizer/index.js';
import { readModel } from '../dist/models/registry.js';
import { trainingLoader } from '../dist/trainer/estimate.js';
import { measure } from './training.mjs';

const rowsOfUpdate = 8; // as Transformers' TrainingArguments have it
const documents = 6 * rowsOfUpdate;

/** Null without the instructions. */
export async function benchInstructions({ folder, material, python, log }) {
  const [path, tokens] = [join(material, 'datasets/llama-factory-demo/alpaca_en_demo.json'), join(material, 'tokenizers/gpt2/tokenizer.json')];
  if (!existsSync(path) || !existsSync(tokens)) return null;
  await copyFile(tokens, join(folder, 'model/tokenizer.json'));
  const cacheFolder = await mkdtemp(join(tmpdir(), 'workbench-bench-'));
  const base = { model: join(folder, 'model'), dataset: { path, format: 'alpaca', template: 'alpaca', max_samples: documents }, max_length: 512 };
  const questionsWith = (train, keys = {}) => questionsOf(parseExperiment({ ...base, ...keys, train: { per_device_train_batch_size: rowsOfUpdate, seed: 1, ...train } }), cacheFolder);
  try {
    const orders = [];
    for (const group_by_length of [false, true]) {
      const order = group_by_length ? 'by length' : 'in random order';
      const train = { group_by_length };
      const [filled, padded] = [await questionsWith(train), await questionsWith({ ...train, padding_free: false })];
      const { ours, theirs, also, lossDifference } = await measure({ folder, python, questions: filled, padded, skipped: 1, alsoSettings: {}, log, name: `instructions, ${order}` });
      orders.push({ order, filled: { ours, ...countsOf(filled) }, padded: { ours: also, theirs, ...countsOf(padded) }, lossDifference: Math.max(lossDifference ?? 0, largestDifference(ours, also)) });
    }
    // Half as many rows hold about as many tokens.
    const packed = await questionsWith({ per_device_train_batch_size: rowsOfUpdate / 2 }, { packing: true });
    const { ours } = await measure({ folder, python: null, questions: packed, skipped: 1, log, name: 'instructions, packed' });
    return { rows: rowsOfUpdate, orders, packed: { ours, ...countsOf(packed) } };
  } finally {
    await rm(cacheFolder, { recursive: true });
  }
}

/** The batches of an epoch, the first of them once more before. */
async function questionsOf(experiment, cacheFolder) {
  const tokenizer = await loadTokenizer(experiment.model);
  const data = await prepareDataset(experiment, tokenizer, { cacheFolder });
  const model = readModel(experiment.model);
  const loader = trainingLoader(experiment, data.train, { model, padId: tokenizer.fillId, layout: layoutOf(experiment, tokenizer, model) });
  const questions = Array.from({ length: loader.updatesPerEpoch }, () => asQuestion(loader.next().microBatches[0].inputs));
  return [questions[0], ...questions];
}

/** Of the updates that are timed. */
function countsOf([, ...questions]) {
  return { updates: questions.length, labels: sum(questions, ({ labels }) => labels.length), real: sum(questions, ({ segments }) => segments.filter((each) => each > 0).length), computed: sum(questions, ({ ids }) => ids.length) };
}

function asQuestion(inputs) {
  const [rows, length] = inputs.input_ids.shape;
  const list = ({ data }) => [...data];
  return { rows, length, ids: list(inputs.input_ids), positions: list(inputs.positions), segments: list(inputs.segments), label_rows: list(inputs.label_rows), labels: list(inputs.labels) };
}

function largestDifference(one, other) {
  return Math.max(...one.losses.map((loss, i) => Math.abs(loss - other.losses[i])));
}

function sum(items, value) {
  return items.reduce((total, item) => total + value(item), 0);
}
