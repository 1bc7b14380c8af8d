/**
 * Instructions and answers, the prompts masked: label tokens a second. Rows of about one length on both sides, the very same
 * batches; and beside it ours with several documents a row, attention confined to each, which PyTorch has for graphics cards only.
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
  try {
    const grouped = await questionsOf(parseExperiment({ ...base, train: { per_device_train_batch_size: rowsOfUpdate, group_by_length: true, seed: 1 } }), cacheFolder);
    // Half as many rows hold about as many tokens.
    const packed = await questionsOf(parseExperiment({ ...base, packing: true, train: { per_device_train_batch_size: rowsOfUpdate / 2, seed: 1 } }), cacheFolder);
    const beside = await measure({ folder, python, questions: grouped, skipped: 1, log, name: 'instructions' });
    const alone = await measure({ folder, python: null, questions: packed, skipped: 1, log, name: 'instructions, packed' });
    return { ...beside, ...countsOf(grouped), rows: rowsOfUpdate, packed: { ours: alone.ours, ...countsOf(packed) } };
  } finally {
    await rm(cacheFolder, { recursive: true });
  }
}

/** The batches of an epoch, the first of them once more before. */
async function questionsOf(experiment, cacheFolder) {
  const tokenizer = await loadTokenizer(experiment.model);
  const data = await prepareDataset(experiment, tokenizer, { cacheFolder });
  const loader = trainingLoader(experiment, data.train, { padId: tokenizer.fillId, layout: layoutOf(experiment, tokenizer, readModel(experiment.model)) });
  const questions = Array.from({ length: loader.updatesPerEpoch }, () => asQuestion(loader.next().microBatches[0].inputs));
  return [questions[0], ...questions];
}

/** Of the updates that are timed. */
function countsOf([, ...questions]) {
  return { updates: questions.length, labels: sum(questions, ({ labels }) => labels.length), real: sum(questions, ({ segments }) => segments.filter((each) => each > 0).length), padded: sum(questions, ({ ids }) => ids.length) };
}

function asQuestion(inputs) {
  const [rows, length] = inputs.input_ids.shape;
  const list = ({ data }) => [...data];
  return { rows, length, ids: list(inputs.input_ids), positions: list(inputs.positions), segments: list(inputs.segments), label_rows: list(inputs.label_rows), labels: list(inputs.labels) };
}

function sum(items, value) {
  return items.reduce((total, item) => total + value(item), 0);
}
