/**
 * The estimate beside what a run takes: `workbench train` on a GPT-2-small shape and on small models, a process a case. Rows of plain
 * text of the full length, so every position is a label. Prints a table, or is called by run.mjs.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { writeModel } from './gpt2-small.mjs';
import { megabytes, table } from './report.mjs';

const program = fileURLToPath(new URL('../bin/workbench', import.meta.url));
const material = fileURLToPath(new URL('../../shared/material/', import.meta.url));

/** @type {[string, string[]][]} */
const cases = [
  ['LoRA, 4 × 128', []],
  ['LoRA, 8 × 128', ['train.per_device_train_batch_size=8']],
  ['LoRA, int8, 4 × 128', ['quantization=int8']],
  ['LoRA, int4, 4 × 128', ['quantization=int4']],
  ['LoRA, bf16, 4 × 128', ['precision=bf16']],
  ['LoRA, f16, 4 × 128', ['precision=f16']],
  ['LoRA, 4 × 512', ['max_length=512']],
  ['LoRA, bf16, 4 × 512', ['precision=bf16', 'max_length=512']],
  ['LoRA, 4 × 512, checkpointing', ['max_length=512', 'train.gradient_checkpointing=true']],
  ['LoRA, int4, 8 × 512, checkpointing', ['quantization=int4', 'max_length=512', 'train.per_device_train_batch_size=8', 'train.gradient_checkpointing=true']],
  ['LoRA, 4 × 128, evaluated', ['dataset.val_size=8', 'train.eval_steps=1']],
  ['LoRA, int4, 4 × 128, evaluated', ['quantization=int4', 'dataset.val_size=8', 'train.eval_steps=1']],
  ['the last two blocks, 4 × 128', ['finetuning=freeze', 'train.learning_rate=1e-5']],
  ['full, adamw_8bit, 2 × 128', ['finetuning=full', 'train.optim=adamw_8bit', 'train.learning_rate=1e-5', 'train.per_device_train_batch_size=2']],
  ['full, 2 × 128', ['finetuning=full', 'train.learning_rate=1e-5', 'train.per_device_train_batch_size=2']],
];

/** A small model, whose process is mostly the program itself: texts of so many MB, and what differs from three LoRA updates without an evaluation. */
/** @type {[string, number, string[]][]} */
const smallCases = [
  ['small, 4 × 128', 1, []],
  ['small, evaluated', 1, ['dataset.val_size=64', 'train.eval_steps=1']],
  ['small, sampled', 1, ['dataset.val_size=64', 'train.eval_steps=1', 'sample.prompts=[Once upon a time]', 'sample.max_new_tokens=200']],
  ['small, 32 × 512, full', 1, ['finetuning=full', 'train.learning_rate=1e-3', 'max_length=512', 'train.per_device_train_batch_size=32']],
  ['small, tokenising 5 MB', 5, []],
  ['small, tokenising 60 MB', 60, ['dataset.val_size=64', 'train.eval_steps=1']],
  ['small from random values, tokenising 20 MB', 20, ['init=random', 'finetuning=full', 'train.learning_rate=3e-3', 'dataset.val_size=256', 'train.eval_steps=1', 'train.per_device_train_batch_size=8', 'train.per_device_eval_batch_size=16', 'train.gradient_accumulation_steps=2', 'sample.prompts=[Once upon a time]']],
];

/**
 * Rows `{ name, estimated, measured }` in bytes; none without a tokenizer and a text. `folder` is what `writeModel` has filled.
 *
 * @param {{ folder: string, log: (line: string) => void, only?: (name: string) => boolean }} options
 */
export async function benchMemory({ folder, log, only = () => true }) {
  const [tokenizer, text] = [join(material, 'tokenizers/gpt2/tokenizer.json'), join(material, 'datasets/tinyshakespeare/input.txt')];
  if (!existsSync(tokenizer) || !existsSync(text)) return [];
  const home = await mkdtemp(join(tmpdir(), 'workbench-bench-home-'));
  try {
    await copyFile(tokenizer, join(folder, 'model/tokenizer.json'));
    const experiment = join(home, 'experiment.yaml');
    await writeFile(experiment, JSON.stringify({ model: join(folder, 'model'), dataset: { path: text, format: 'text' }, stage: 'pretrain', packing: true, max_length: 128, train: { max_steps: 3, save_steps: 0, eval_steps: 0, gradient_checkpointing: false } }));
    const rows = [];
    const measure = async (name, file, settings) => {
      const { estimated, measured } = await run(home, file, settings);
      log(`${name}: ${megabytes(estimated)} estimated, ${megabytes(measured)} measured`);
      rows.push({ name, estimated, measured });
    };
    for (const [name, settings] of cases.filter(([each]) => only(each))) await measure(name, experiment, settings);
    const small = join(home, 'small.yaml');
    const model = join(material, 'models/stories260k');
    if (!existsSync(model)) return rows;
    for (const [name, size, settings] of smallCases.filter(([each]) => only(each))) {
      const corpus = join(home, 'corpus.jsonl');
      await writeFile(corpus, await rowsOf(text, size * 1e6));
      await writeFile(small, JSON.stringify({ model, dataset: { path: corpus, format: 'text' }, stage: 'pretrain', max_length: 128, train: { max_steps: 3, save_steps: 0, eval_steps: 0, gradient_checkpointing: false } }));
      await measure(name, small, settings);
    }
    if (only('the quickstart')) await measure('the quickstart', fileURLToPath(new URL('../experiments/quickstart.yaml', import.meta.url)), ['train.max_steps=12']);
    return rows;
  } finally {
    await rm(home, { recursive: true });
  }
}

export function memoryTable(rows) {
  return table(['run', 'estimated', 'measured', 'share'], rows.map(({ name, estimated, measured }) => [name, megabytes(estimated), megabytes(measured), (estimated / measured).toFixed(2)]));
}

/** So many characters of a text again and again, a row for each 2000 of them. */
async function rowsOf(path, characters) {
  const text = await readFile(path, 'utf8');
  const rows = [];
  for (let at = 0; at < characters; at += 2000) rows.push(`${JSON.stringify({ text: `${at} ${text.slice(at % (text.length - 2000), (at % (text.length - 2000)) + 2000)}` })}\n`);
  return rows.join('');
}

async function run(home, experiment, settings) {
  const set = settings.flatMap((value) => ['--set', value]);
  // A home of its own a run: the estimate must not have learned from the runs before.
  const env = { ...process.env, WORKBENCH_HOME: await mkdtemp(join(home, 'home-')) };
  const { stdout } = await promisify(execFile)(process.execPath, [program, 'train', experiment, ...set, '--json'], { env, maxBuffer: 1 << 26 });
  const events = stdout.trim().split('\n').map((line) => JSON.parse(line));
  const find = (type) => events.find((event) => event.type === type);
  return { estimated: find('started').estimated_memory_bytes, measured: find('completed').peak_memory_bytes };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = await mkdtemp(join(tmpdir(), 'workbench-bench-'));
  try {
    await writeModel(folder);
    const wanted = process.argv.slice(2);
    const rows = await benchMemory({ folder, log: (line) => console.error(line), only: (name) => wanted.length === 0 || wanted.some((word) => name.includes(word)) });
    console.log(rows.length === 0 ? 'Not measured: the text and the tokenizer are not on this machine.' : memoryTable(rows));
  } finally {
    await rm(folder, { recursive: true });
  }
}
