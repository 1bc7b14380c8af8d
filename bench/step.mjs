/** Our side of the training benchmark: a line `{rows, length, ids}` is one update, its answer `{ms, loss, peakBytes}`. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chooseEngine } from '../dist/engine/registry.js';
import { readModel } from '../dist/models/registry.js';
import { initialValues } from '../dist/trainer/initial.js';
import { labelChunks } from '../dist/trainer/labels.js';
import { trainingProgram } from '../dist/trainer/program.js';
import { tuningOf } from '../dist/trainer/tuning.js';
import { runUpdate } from '../dist/trainer/update.js';
import { i32 } from '../dist/util/tensor.js';
import { experimentFor } from './gpt2-small.mjs';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const [folder, finetuning = 'lora', settings = '{}'] = process.argv.slice(2);
const experiment = experimentFor(folder, finetuning, JSON.parse(settings));
const model = readModel(experiment.model);
const tuning = tuningOf(experiment, model);
const first = await lines.next();
const chunks = first.done ? 1 : labelChunks(JSON.parse(first.value).rows * (JSON.parse(first.value).length - 1), model, tuning);
const { program, masks } = trainingProgram(model, tuning, experiment.train, { recompute: experiment.train.gradient_checkpointing === true, labelChunks: chunks });
const { engine, device } = await chooseEngine({ name: 'onnx', device: 'cpu' });
const scratch = await mkdtemp(join(tmpdir(), 'workbench-bench-'));
const initial = initialValues({ experiment, model, tuning, checkpoint: null });
const executable = await engine.compile(program, { device, threads: experiment.engine.threads, initial, scratch });
const session = { executable, masks, labelChunks: chunks, experiment, totalSteps: 1000 };

let updates = 0;
for (let line = first; !line.done; line = await lines.next()) {
  const { rows, length, ids } = JSON.parse(line.value);
  const batch = asMicroBatch(rows, length, ids);
  const start = performance.now();
  const { lossSum, labels } = await runUpdate(session, { microBatches: [batch] }, { step: updates++, lossLimit: null, rateFactor: 1, interrupted: () => false });
  const ms = performance.now() - start;
  console.log(JSON.stringify({ ms, loss: lossSum / labels, peakBytes: await peakBytes(), description: executable.description }));
}
await executable.dispose();
await rm(scratch, { recursive: true });

/** Every position predicts the next token. */
function asMicroBatch(rows, length, ids) {
  const shape = [rows, length];
  const each = (value) => i32(shape, ids.map((_, i) => value(i % length)));
  const label_rows = ids.flatMap((_, i) => (i % length === length - 1 ? [] : [i]));
  const count = label_rows.length;
  return {
    inputs: { input_ids: i32(shape, ids), positions: each((at) => at), segments: each(() => 1), label_rows: i32([count], label_rows), labels: i32([count], label_rows.map((i) => ids[i + 1])) },
    labelCount: count,
    tokenCount: ids.length,
    rowCount: rows,
  };
}

async function peakBytes() {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const peak = /VmHWM:\s+(\d+) kB/.exec(status);
  return peak ? Number(peak[1]) * 1024 : process.resourceUsage().maxRSS * 1024;
}
