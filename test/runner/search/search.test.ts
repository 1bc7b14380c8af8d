/** A small search through real processes: the demo model, a supervisor that is killed on the way. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { SearchPlan } from '../../../src/config/search/plan.js';
import { workQueue } from '../../../src/runner/client.js';
import { createSearch } from '../../../src/runner/search/control.js';
import { dist, Tiny, tinyExperiment } from '../tiny.js';

const tiny = new Tiny();
afterAll(() => tiny.remove());
const soon = { timeout: 110_000, interval: 50 };

const rates = [1e-4, 3e-3, 1e38];
const settings = ['train.max_steps=8', 'train.eval_steps=0', 'train.save_steps=0', 'dataset.max_samples=24', 'engine.threads=1', 'sample.prompts=[]'];

/** Numbers of the supervisors that have worked here. */
function supervisors(): number[] {
  return [...readFileSync(join(tiny.home, 'supervisor.log'), 'utf8').matchAll(/supervisor (\d+): listens/g)].map(([, pid]) => Number(pid));
}

it('stops the losers, survives its supervisor, and trains the best as if it had never stopped', async () => {
  const plan: SearchPlan = { file: '/s.yaml', experiment: '/e.yaml', set: [], metric: 'eval_loss', method: 'grid', seed: 42, rungs: [3], keep: 0.33, keys: ['train.learning_rate'], on_finish: 'echo "$WORKBENCH_SEARCH $WORKBENCH_SEARCH_STATE $WORKBENCH_RUN_ID" > ended' };
  const trials = rates.map((rate) => ({ parameters: { 'train.learning_rate': rate }, config: tinyExperiment(...settings, `train.learning_rate=${rate}`, 'train.stop_at=3') }));
  createSearch(tiny.store, tiny.home, { name: 's', plan, trials });
  const search = () => tiny.store.search('s');
  const runs = () => search().trials.map(({ run }) => tiny.store.run(run ?? ''));
  await workQueue(tiny.home, dist);
  await expect.poll(() => runs()[0].state, soon).not.toBe('queued');
  process.kill(supervisors()[0], 'SIGKILL');
  await workQueue(tiny.home, dist);
  await expect.poll(() => search().state, soon).toBe('completed');

  await expect.poll(() => existsSync(tiny.folder(runs()[1].id, 'ended')) && readFileSync(tiny.folder(runs()[1].id, 'ended'), 'utf8'), soon).toBe(`s completed ${runs()[1].id}\n`);

  expect(supervisors()).toHaveLength(2);
  const [slow, best, blown] = runs();
  expect([slow, best, blown]).toMatchObject([{ state: 'stopped', step: 3, reason: 'it has reached train.stop_at', tags: ['s'] }, { state: 'completed', step: 8, tags: ['best', 's'] }, { state: 'failed' }]);
  expect(slow.checkpoints.map(({ step, valid }) => [step, valid])).toEqual([[3, true]]);
  expect(search().trials).toMatchObject([{ lost: '2nd of 3 at update 3', rung: 0 }, { lost: null, rung: 1 }, { rung: 0, measured: [] }]);
  expect(search().trials[2].lost).toMatch(/^failed: /);
  expect(search().trials[1].measured).toHaveLength(2);

  const whole = tiny.create(...settings, `train.learning_rate=${rates[1]}`);
  await tiny.run(whole);
  expect(tiny.losses(best.id)).toEqual(tiny.losses(whole));
  const learned = (id: string) => readFileSync(tiny.folder(id, 'adapter', 'adapter_model.safetensors'));
  expect(learned(best.id).equals(learned(whole))).toBe(true);
}, 240_000);
