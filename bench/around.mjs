/**
 * What a run does beside computing, of `workbench train`'s own parts in one process: preparing, compiling, the next batch,
 * recording, a checkpoint. Called by run.mjs, which starts it as a process of its own: it prints its figures as JSON.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseExperiment } from '../dist/config/parse.js';
import { chooseEngine } from '../dist/engine/registry.js';
import { Recorder } from '../dist/runner/recorder.js';
import { openStore } from '../dist/store/store.js';
import { writeCheckpoint } from '../dist/trainer/checkpoint/output.js';
import { Judge } from '../dist/trainer/judge.js';
import { prepareSession } from '../dist/trainer/session.js';
import { runUpdate } from '../dist/trainer/update.js';
import { median } from './report.mjs';

const updates = 6;
const checkpoints = 7;
const points = 500;

/** Milliseconds by what they are of; null without a tokenizer and a text. `folder` is what `writeModel` has filled. */
export async function benchAround({ folder, material, log }) {
  const [tokenizer, text] = [join(material, 'tokenizers/gpt2/tokenizer.json'), join(material, 'datasets/tinyshakespeare/input.txt')];
  if (!existsSync(tokenizer) || !existsSync(text)) return null;
  await copyFile(tokenizer, join(folder, 'model/tokenizer.json'));
  const home = await mkdtemp(join(tmpdir(), 'workbench-bench-home-'));
  try {
    // The second finds the text tokenised.
    const [first, again] = [await inProcess(folder, text, home), await inProcess(folder, text, home)];
    log(`around a run: ${JSON.stringify(again)}`);
    return { ...again, firstPrepare: first.prepare };
  } finally {
    await rm(home, { recursive: true });
  }
}

async function inProcess(folder, text, home) {
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(import.meta.url), folder, text, home]);
  return JSON.parse(stdout);
}

async function measure(folder, text, home) {
  const experiment = parseExperiment({
    model: join(folder, 'model'), dataset: { path: text, format: 'text' }, stage: 'pretrain', packing: true, max_length: 128, lora: { r: 8 },
    train: { per_device_train_batch_size: 4, gradient_checkpointing: false },
  });
  const runFolder = await mkdtemp(join(home, 'run-'));
  const scratch = join(runFolder, 'engine');
  await mkdir(scratch);
  const context = { runFolder, home, resumeFrom: [], emit() {}, log() {}, takeControls: () => [], takeChanges: () => [], closeChanges: () => true, chooseEngine };
  const timed = async (work) => {
    const start = performance.now();
    const value = await work();
    return { ms: performance.now() - start, value };
  };

  const prepared = await timed(() => prepareSession(experiment, context, scratch));
  const session = prepared.value;
  const batches = [];
  const steps = [];
  for (let step = 0; step < updates; step++) {
    const batch = await timed(async () => session.loader.next());
    batches.push(batch.ms);
    steps.push((await timed(() => runUpdate(session, batch.value, { step, lossLimit: null, rateFactor: 1, interrupted: () => false }))).ms);
  }
  const state = { step: updates, total_steps: session.totalSteps, position: session.loader.position, best_eval_loss: null, best_checkpoint: null, ...new Judge(null).state, evaluation_due: false, saves: 0, kept_for_good: [], recovery: { in_a_row: 0, lowered: null, recent_losses: [] }, loss_scale: null, unlogged: { loss_sum: 0, labels: 0, tokens: 0 }, tokens_seen: 0, elapsed_time: 0 };
  const saves = [];
  for (let i = 0; i < checkpoints; i++) saves.push((await timed(() => writeCheckpoint(session, join(runFolder, 'checkpoints', `step-${i}`), state))).ms);
  const recorded = await timed(async () => record(experiment, home, runFolder));
  await session.executable.dispose();
  const step = median(steps.slice(1));
  return { prepare: prepared.ms, compile: steps[0] - step, step, batch: median(batches.slice(1)), record: recorded.ms / points, checkpoint: median(saves), slowestCheckpoint: Math.max(...saves) };
}

/** One point an update: the store, the lines of `trainer_log.jsonl`. */
function record(experiment, home, folder) {
  const store = openStore(home);
  const { id } = store.createRun({ name: 'around', config: experiment });
  const recorder = new Recorder(store, { runId: id, folder, complain: (line) => console.error(line) });
  for (let step = 1; step <= points; step++) {
    recorder.record({ type: 'event', event: { type: 'step', step, total_steps: points, epoch: step / points, loss: 1 / step, learning_rate: 1e-4, grad_norm: 1, tokens_seen: step, tokens_per_second: 1, elapsed_time: step, remaining_time: 0, memory_bytes: 1 }, time: new Date().toISOString() });
  }
  store.close();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, text, home] = process.argv.slice(2);
  console.log(JSON.stringify(await measure(folder, text, home)));
}
