/** Stores to look at: a run that logs at a steady rate, and ten thousand that have ended. Needs the build. */
import { clearInterval, setInterval } from 'node:timers';
import { parseExperiment } from '../dist/config/parse.js';
import { ownIdentity } from '../dist/runner/identity.js';
import { openStore } from '../dist/store/store.js';

const config = parseExperiment({ model: '/models/tiny', dataset: { path: '/data/rows.jsonl', format: 'text' } });

function step(number, total) {
  const loss = 0.4 + 3 * Math.exp(-number / 400) + 0.1 * Math.sin(number * 1.7);
  return { type: /** @type {const} */ ('step'), step: number, total_steps: total, epoch: number / total, loss, learning_rate: 2e-4 * (1 - number / total), grad_norm: 0.8, tokens_seen: number * 2048, tokens_per_second: 8192, elapsed_time: number / 10, remaining_time: (total - number) / 10, memory_bytes: 131e6 };
}

const started = (total) => ({ type: /** @type {const} */ ('started'), step: 0, total_steps: total, epoch: 0, trainable_parameters: 8192, total_parameters: 268_224, estimated_memory_bytes: 110e6, train_rows: 1000, eval_rows: 100, engine: 'bench' });

/** Logs `rate` steps a second from this process until it is ended, after `before` that are there already. */
export function steadyRun(home, { rate, before = 2000, total = 100_000 }) {
  const store = openStore(home);
  const { id } = store.createRun({ name: 'steady', config });
  const self = ownIdentity();
  store.claim(id, self);
  store.record(id, started(total), new Date().toISOString());
  let done = 0;
  const log = () => store.record(id, step(++done, total), new Date().toISOString());
  for (let i = 0; i < before; i++) log();
  const timer = setInterval(log, 1000 / rate);
  return {
    end() {
      clearInterval(timer);
      store.clearProcess(id, self);
      store.setState(id, 'stopped', 'the measurement is done');
      store.close();
    },
  };
}

export function manyRuns(home, count) {
  const store = openStore(home);
  for (let i = 0; i < count; i++) {
    const { id } = store.createRun({ name: `run-${i}`, config });
    const time = new Date(1.7e12 + i * 1000).toISOString();
    store.record(id, started(10), time);
    store.record(id, step(10, 10), time);
    store.record(id, { type: 'completed', step: 10, total_steps: 10, epoch: 1, output: `/runs/${id}/adapter`, peak_memory_bytes: 131e6 }, time);
  }
  store.close();
}
