/** The real thing through real processes: the tiny model that the repository ships learns by LoRA, is killed, and goes on. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readExperiment } from '../../src/config/file.js';
import { control, kill, reconcile, startRun } from '../../src/runner/client.js';
import { runForeground } from '../../src/runner/foreground.js';
import { entries } from '../../src/runner/spawn.js';
import { takeLock } from '../../src/store/lock.js';
import type { MetricPoint, RunRecord } from '../../src/store/rows.js';
import { openStore } from '../../src/store/store.js';
import type { Store } from '../../src/store/store.js';

const quickstart = fileURLToPath(new URL('../../experiments/quickstart.yaml', import.meta.url));
const built = (entry: URL) => new URL(entry.href.replace('/src/', '/dist/'));
const dist = { supervisor: built(entries.supervisor), run: built(entries.run) };
const soon = { timeout: 40_000, interval: 20 };

let home: string;
let store: Store;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'workbench-training-'));
  store = openStore(home);
});
afterEach(async () => {
  for (const id of reconcile(home)) await kill(home, id);
  await expect.poll(() => {
    const lock = takeLock(join(home, 'supervisor.lock'));
    lock?.release();
    return lock !== null;
  }, soon).toBe(true);
  store.close();
  rmSync(home, { recursive: true });
});

function create(steps: number): string {
  const set = [`train.max_steps=${steps}`, 'train.per_device_train_batch_size=2', 'train.eval_steps=0', 'train.save_steps=10', 'max_length=32', 'dataset.max_samples=40'];
  const { experiment } = readExperiment(quickstart, { set });
  return store.createRun({ name: 'tiny', config: experiment }).id;
}

function until(runId: string, wanted: (run: RunRecord) => boolean): Promise<unknown> {
  return expect.poll(() => wanted(store.run(runId)), soon).toBe(true);
}

const curve = (points: readonly MetricPoint[]) => points.map(({ step, value }) => [step, value]);

it('a run that is killed and started again ends as one that was not, in one history', async () => {
  const whole = create(200);
  const killed = create(200);
  await runForeground(home, whole, { onEvent: () => undefined, entries: dist });
  expect(store.run(whole)).toMatchObject({ state: 'completed', reason: null, step: 200 });
  expect(existsSync(join(store.run(whole).output!, 'adapter_model.safetensors'))).toBe(true);

  await startRun(home, killed, dist);
  await until(killed, ({ checkpoints }) => checkpoints.length > 0);
  process.kill(store.processOf(killed)!.pid, 'SIGKILL');
  await until(killed, ({ state }) => state === 'crashed');
  const { step, config } = store.run(killed);
  expect(step).toBeLessThan(200);
  store.requeue(killed, config);
  await startRun(home, killed, dist);
  await until(killed, ({ state }) => state === 'completed');
  expect(store.run(killed).resumed_from).toMatch(/checkpoints\/step-\d+$/);
  expect(curve(store.metrics(killed, ['loss']))).toEqual(curve(store.metrics(whole, ['loss'])));
});

it('a run that is stopped keeps what it learned', async () => {
  const id = create(100_000);
  await startRun(home, id, dist);
  await until(id, ({ step }) => step > 2);
  await control(home, id, 'stop');
  await until(id, ({ state }) => state === 'stopped');
  const { output, checkpoints } = store.run(id);
  expect(existsSync(join(output!, 'adapter_model.safetensors'))).toBe(true);
  expect(checkpoints.length).toBeGreaterThan(0);
});
