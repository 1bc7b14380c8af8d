/** A grid of five experiments, worked through by the queue; supervisor and run are killed twice on the way. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { RunRecord } from '../../src/store/rows.js';
import { openStore } from '../../src/store/store.js';
import { repository, Workplace } from '../cli/workbench.js';
import { report } from './counts.js';

const place = new Workplace();
const demo = join(repository, 'experiments', 'demo');
const soon = { timeout: 90_000, interval: 10 };
const steps = 16;
const counts = { 'supervisors killed': 0, 'kills survived': 0, 'states told right': 0, 'complete experiments skipped': 0, 'runs complete with every step once': 0 };
afterAll(() => {
  report('queue', counts);
  place.remove();
});

const files = ['a', 'b', 'c', 'd', 'e'].map((name, index) => {
  const file = join(place.folder, `${name}.json`);
  const train = { max_steps: steps, per_device_train_batch_size: 2, eval_steps: 0, save_steps: 4, learning_rate: 1e-3 / (index + 1) };
  writeFileSync(file, JSON.stringify({ name, model: join(demo, 'model'), dataset: { path: join(demo, 'reviews'), format: 'classification', max_samples: 16 }, max_length: 16, train, engine: { threads: 1 } }));
  return file;
});

const runs = async () => JSON.parse((await place.here('runs', '--json')).stdout) as RunRecord[];

const supervisor = () => Number([...readFileSync(join(place.home, 'supervisor.log'), 'utf8').matchAll(/supervisor (\d+): listens/g)].at(-1)![1]);

/** Both at once, as a machine that goes down takes them, as soon as the run has a checkpoint. */
async function killWith(name: string): Promise<void> {
  const store = openStore(place.home);
  const found = () => store.runs().find((each) => each.name === name);
  await expect.poll(() => (found()?.checkpoints.length ?? 0) > 0, soon).toBe(true);
  process.kill(supervisor(), 'SIGKILL');
  counts['supervisors killed']++;
  process.kill(store.processOf(found()!.id)!.pid, 'SIGKILL');
  store.close();
  await expect.poll(async () => (await runs()).find((each) => each.name === name)?.state, soon).toBe('crashed');
  counts['kills survived']++;
  counts['states told right']++;
}

it('is complete at the end: what is done is skipped, what was cut off is resumed, what waits keeps its place', { timeout: 300_000 }, async () => {
  expect((await place.run('queue', 'add', files[0], files[1])).code).toBe(0);
  await killWith('b');
  const second = (await place.run('queue', 'add', ...files)).stdout.trim().split('\n');
  expect(second).toEqual([
    expect.stringMatching(/^a \(\w+\) is complete: skipped$/),
    expect.stringMatching(/^b \(\w+\) is in line, number 1; it goes on after step \d+ of the \d+ it did$/),
    ...[2, 3, 4].map((number) => expect.stringMatching(new RegExp(`is in line, number ${number}$`)) as string),
  ]);
  await killWith('c');
  const third = (await place.run('queue', 'add', '--parallel', '3', ...files)).stdout.trim().split('\n');
  expect(third.slice(0, 2)).toEqual(['a', 'b'].map((name) => expect.stringMatching(new RegExp(`^${name} .* is complete: skipped$`)) as string));
  expect(third[2]).toMatch(/^c \(\w+\) is in line, number 3; it goes on after step \d+/);
  expect(third.slice(3)).toEqual(['d', 'e'].map((name) => expect.stringMatching(new RegExp(`^${name} .* is (queued|running) already: skipped$`)) as string));
  counts['complete experiments skipped'] += 3;
  const store = openStore(place.home);
  await expect.poll(() => store.runs().map(({ name, state }) => `${name} ${state}`).sort(), { ...soon, timeout: 200_000 }).toEqual(['a', 'b', 'c', 'd', 'e'].map((name) => `${name} completed`));
  for (const { id } of store.runs()) {
    expect(store.metrics(id, ['loss']).map(({ step }) => step)).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
    counts['runs complete with every step once']++;
  }
  store.close();
  await expect.poll(() => isAlive(supervisor()), soon).toBe(false); // it ends by itself, and leaves the folder to be removed
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
