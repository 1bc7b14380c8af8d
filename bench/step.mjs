/** Our side of the training benchmark: a line `{rows, length, ids, …}` is one update, its answer `{ms, loss, peakBytes}`. */
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
const { checkpointing = false, ...keys } = JSON.parse(settings);
const experiment = experimentFor(folder, finetuning, keys);
const model = readModel(experiment.model);
const tuning = tuningOf(experiment, model);
const first = await lines.next();
const asked = first.done ? null : JSON.parse(first.value);
const chunks = asked === null ? 1 : labelChunks(asked.mostLabels ?? asked.rows * (asked.length - 1), model, tuning);
const { program, masks } = trainingProgram(model, tuning, experiment.train, { recompute: checkpointing, labelChunks: chunks });
const { engine, device } = await chooseEngine({ name: 'onnx', device: 'cpu' });
const scratch = await mkdtemp(join(tmpdir(), 'workbench-bench-'));
const initial = initialValues({ experiment, model, tuning, checkpoint: null });
const executable = await engine.compile(program, { device, threads: experiment.engine.threads, initial, scratch });
const session = { executable, masks, labelChunks: chunks, experiment, totalSteps: 1000 };

let updates = 0;
for (let line = first; !line.done; line = await lines.next()) {
  const batch = asMicroBatch(JSON.parse(line.value));
  const start = performance.now();
  const { lossSum, weight } = await runUpdate(session, { microBatches: [batch] }, { step: updates++, lossLimit: null, rateFactor: 1, interrupted: () => false });
  const ms = performance.now() - start;
  console.log(JSON.stringify({ ms, loss: lossSum / weight, peakBytes: await peakBytes(), description: executable.description }));
}
await executable.dispose();
await rm(scratch, { recursive: true });

/** Without labels of its own, every position predicts the next token. */
function asMicroBatch({ rows, length, ids, positions, segments, label_rows, labels }) {
  const shape = [rows, length];
  const each = (value) => ids.map((_, i) => value(i % length));
  const places = label_rows ?? ids.flatMap((_, i) => (i % length === length - 1 ? [] : [i]));
  return {
    inputs: {
      input_ids: i32(shape, ids),
      positions: i32(shape, positions ?? each((at) => at)),
      segments: i32(shape, segments ?? each(() => 1)),
      label_rows: i32([places.length], places),
      labels: i32([places.length], labels ?? places.map((i) => ids[i + 1])),
    },
    labelCount: places.length,
    labelOwners: Uint32Array.from(places, (place) => Math.floor(place / length)),
    labelWeights: null,
    weight: places.length,
    tokenCount: ids.length,
    rows: Array.from({ length: rows }, (_, row) => row),
  };
}

async function peakBytes() {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const peak = /VmHWM:\s+(\d+) kB/.exec(status);
  return peak ? Number(peak[1]) * 1024 : process.resourceUsage().maxRSS * 1024;
}
