/** The screen over a throw-away store, to look at by eye: a run in it goes on by itself. Bundle it, then run it in a terminal. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { screenCommands } from '../../src/cli/repl/commands.js';
import { makeRecords } from '../../src/cli/records.js';
import { knobs } from '../../src/config/limits.js';
import { parseExperiment } from '../../src/config/parse.js';
import { stepValue } from '../../src/config/steps.js';
import { makeMeter } from '../../src/machine/meter.js';
import { openStore } from '../../src/store/store.js';
import { runApp } from '../../src/ui/app.js';
import type { Services } from '../../src/ui/services.js';
import { estimateByHand, recordRun, sampleDatasets, sampleDoctor, sampleForm, sampleModels, samplePlayground, sampleQueue } from './samples.js';

const home = mkdtempSync(join(tmpdir(), 'workbench-demo-'));
const store = openStore(home);
if (!process.argv.includes('--empty')) {
  recordRun(store, { name: 'baseline', steps: 40, total: 40, end: 'completed' });
  recordRun(store, { name: 'too-hot', steps: 12, total: 200, end: 'failed' });
  recordRun(store, { name: 'stories260k-rotten-tomatoes-r16-alpha32-a-rather-long-name', steps: 240, total: 240, end: 'completed' });
  const id = recordRun(store, { name: 'live-one', steps: 60, total: 400, end: 'running', begin: Date.now() - 15_000 });
  let step = 60;
  setInterval(() => {
    step++;
    if (step <= 400) store.record(id, { type: 'step', step, total_steps: 400, epoch: step / 200, loss: 0.4 + 3 * Math.exp(-step / 80) + 0.1 * Math.sin(step), learning_rate: 2e-4 * (1 - step / 400), grad_norm: 0.8, tokens_seen: step * 2048, tokens_per_second: 8000 + 50 * Math.sin(step), elapsed_time: step, remaining_time: 400 - step, memory_bytes: 131e6 }, new Date().toISOString());
  }, 100).unref();
}
process.env['NODE_ENV'] ??= 'production';
const services: Services = {
  reader: store, knobs, defaults: process.argv.includes('--empty') ? {} : { model: '/models/stories260k', dataset: { path: '/data/rotten_tomatoes.jsonl', format: 'classification' } },
  parse: (value) => parseExperiment(value),
  step: stepValue,
  models: () => Promise.resolve(process.argv.includes('--empty') ? [] : sampleModels),
  datasets: () => Promise.resolve(process.argv.includes('--empty') ? [] : sampleDatasets),
  modelAt: () => Promise.resolve(sampleModels[0]),
  datasetAt: () => Promise.resolve(sampleDatasets[0]),
  estimate: (experiment, { rows }) => Promise.resolve(estimateByHand(experiment, rows ?? 100)),
  form: sampleForm(),
  queue: sampleQueue(store),
  playground: samplePlayground(),
  doctor: sampleDoctor(),
  watchRuns: () => () => undefined,
  startRun: (config) => Promise.resolve(store.createRun({ name: 'new', config }).id),
  resume: () => Promise.resolve(),
  interrupted: () => [],
  resumeInterrupted: () => Promise.resolve(0),
  control: () => Promise.resolve(),
  keyFile: () => null,
  records: makeRecords(store, home, { expanded: (path) => path, exported: () => Promise.resolve() }),
  commands: () => Promise.resolve(screenCommands(process.env, services)),
  change: () => Promise.resolve(),
  kill: () => Promise.resolve(),
  log: () => ({ lines: [], points: [] }),
  machine: makeMeter(),
};
await runApp(services, { ascii: process.argv.includes('--ascii') });
process.exit();
