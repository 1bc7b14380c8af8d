/** The loop that people write by hand: a list of experiments, worked through. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { repository, Workplace } from './workbench.js';

const place = new Workplace();
const demo = join(repository, 'experiments', 'demo');
afterAll(() => place.remove());

function experiment(name: string, changes: object = {}, path = join(demo, 'reviews')): string {
  const file = join(place.folder, `${name}.json`);
  const train = { max_steps: 2, per_device_train_batch_size: 2, eval_steps: 0, ...changes };
  writeFileSync(file, JSON.stringify({ name, model: join(demo, 'model'), dataset: { path, format: 'classification', max_samples: 16 }, max_length: 32, train }));
  return file;
}

interface Row {
  readonly name: string;
  readonly state: string;
  readonly step: number;
  readonly id: string;
}

const runs = async () => JSON.parse((await place.run('runs', '--json')).stdout) as Row[];
const states = async () => Object.fromEntries((await runs()).map(({ name, state }) => [name, state]));

it('works through a list, and then only what is not complete', async () => {
  const files = [experiment('a'), experiment('broken', {}, 'nowhere.jsonl'), experiment('c')];
  const added = await place.run('queue', 'add', ...files);
  expect(added).toMatchObject({ code: 0, stderr: '' });
  expect(added.stdout).toMatch(/^a \(\w+\) is in line, number 1\nbroken .* number 2\nc .* number 3\n$/);
  await expect.poll(states, { timeout: 60_000, interval: 500 }).toEqual({ a: 'completed', broken: 'failed', c: 'completed' });
  const again = await place.run('queue', 'add', files[0], files[2]);
  expect(again.stdout).toMatch(/^a \(\w+\) is complete: skipped\nc \(\w+\) is complete: skipped\n$/);
  expect(await runs()).toHaveLength(3);
});

it('resumes what was stopped, in its place', async () => {
  const [first, second, third] = ['long', 'next', 'last'].map((name) => experiment(name, { max_steps: 400, save_steps: 0 }));
  expect((await place.run('queue', 'add', first, second, third)).code).toBe(0);
  await expect.poll(async () => (await runs()).find(({ name }) => name === 'long')?.step, { timeout: 30_000, interval: 200 }).toBeGreaterThan(0);
  expect((await place.run('queue', 'move', 'last', '1')).stdout).toMatch(/is number 1 of 2 now/);
  const waiting = JSON.parse((await place.run('queue', 'list', '--json')).stdout) as Row[];
  expect(waiting.map(({ name, state }) => `${name} ${state}`)).toEqual(['long running', 'last queued', 'next queued']);
  expect((await place.run('queue', 'remove', 'last', 'next')).code).toBe(0);
  expect((await place.run('stop', 'long')).code).toBe(0);
  await expect.poll(states, { timeout: 30_000, interval: 200 }).toMatchObject({ long: 'stopped', next: 'stopped', last: 'stopped' });
  expect((await place.run('queue', 'add', first)).stdout).toMatch(/^long \(\w+\) is in line, number 1; it goes on after step \d+ of the \d+ it did\n$/);
  await expect.poll(states, { timeout: 30_000, interval: 200 }).toMatchObject({ long: 'running' });
  expect((await place.run('stop', 'long')).code).toBe(0);
  await expect.poll(states, { timeout: 30_000, interval: 200 }).toMatchObject({ long: 'stopped' });
  expect(await place.run('queue', 'list')).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('Nothing runs and nothing waits') as string });
});

it('reads every file before it queues the first', async () => {
  const before = await states();
  expect(await place.run('queue', 'add', experiment('fine'), join(place.folder, 'nowhere.yaml'))).toMatchObject({ code: 2, stdout: '' });
  expect(await states()).toEqual(before);
});
