/** Entry of the worker thread: one training run. It knows nothing of the store, of sockets or of who watches. */
import { join } from 'node:path';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { parseExperiment } from '../config/parse.js';
import { chooseEngine } from '../engine/registry.js';
import { checkpointSteps, restoreRun } from '../trainer/checkpoint/checkpoint.js';
import { train } from '../trainer/train.js';
import type { LiveChange } from '../trainer/events.js';
import { closeChanges, takeAsked } from './controls.js';
import type { WorkerInput, WorkerMessage } from './protocol.js';
import { tokeniseApart } from './tokenise.js';

const { runFolder, home, experiment, measurements, controls, changes } = workerData as WorkerInput;

function tell(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

/** A run that has checkpoints goes on from the newest that is whole. */
async function checkpoints(): Promise<string[]> {
  restoreRun(runFolder);
  const folder = join(runFolder, 'checkpoints');
  return (await checkpointSteps(folder)).reverse().map((step) => join(folder, `step-${step}`));
}

let taken = 0;

/** Without the event loop, to which a thread that computes does not come. */
function takeChanges(): LiveChange[] {
  const next = receiveMessageOnPort(changes);
  if (next === undefined) return [];
  taken++;
  return [next.message as LiveChange, ...takeChanges()];
}

await train(parseExperiment(experiment), {
  runFolder,
  home,
  resumeFrom: await checkpoints(),
  measurements,
  emit: (event) => tell({ type: 'event', event, time: new Date().toISOString() }),
  log: (line) => tell({ type: 'log', line }),
  takeControls: () => takeAsked(controls),
  takeChanges,
  closeChanges: () => closeChanges(controls, taken),
  chooseEngine,
  tokenise: (asked, onProgress) => tokeniseApart({ home, runFolder, experiment: asked }, onProgress),
});
