/** A run that has logged 300 updates and logs ten a second, without a model. Argument: the home folder. */
import process from 'node:process';
import { setInterval } from 'node:timers';
import { parseExperiment } from '../../../dist/config/parse.js';
import { ownIdentity } from '../../../dist/runner/identity.js';
import { openStore } from '../../../dist/store/store.js';

const store = openStore(process.argv[2]);
const { id } = store.createRun({ name: 'logging', config: parseExperiment({ model: '/m', dataset: { path: '/d' } }) });
store.claim(id, ownIdentity());
const total = 1000;
const begin = Date.now() - 30_000;
let step = 0;
const record = (event) => store.record(id, { step, total_steps: total, epoch: step / total, ...event }, new Date(begin + step * 100).toISOString());
record({ type: 'started', trainable_parameters: 1, total_parameters: 1, estimated_memory_bytes: 1, train_rows: 1, eval_rows: 1, engine: 'onnx' });
function log() {
  step++;
  record({ type: 'step', loss: 0.5 + 3 * Math.exp(-step / 200) + 0.1 * Math.sin(step), learning_rate: 2e-4 * (1 - step / total), grad_norm: 1 + 0.5 * Math.sin(step), tokens_seen: step * 2048, tokens_per_second: 8000, elapsed_time: step / 10, remaining_time: (total - step) / 10, memory_bytes: 131e6 });
}
while (step < 300) log();
process.send('ready');
setInterval(() => step < total && log(), 100);
