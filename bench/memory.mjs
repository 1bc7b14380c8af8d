/**
 * The estimate beside what a run takes: `workbench train` on a GPT-2-small shape, a process a case. Rows of plain text of
 * the full length, so every position is a label. Prints a table, or is called by run.mjs.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
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
    for (const [name, settings] of cases.filter(([each]) => only(each))) {
      const { estimated, measured } = await run(home, experiment, settings);
      log(`${name}: ${megabytes(estimated)} estimated, ${megabytes(measured)} measured`);
      rows.push({ name, estimated, measured });
    }
    return rows;
  } finally {
    await rm(home, { recursive: true });
  }
}

export function memoryTable(rows) {
  return table(['run', 'estimated', 'measured', 'share'], rows.map(({ name, estimated, measured }) => [name, megabytes(estimated), megabytes(measured), (estimated / measured).toFixed(2)]));
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
