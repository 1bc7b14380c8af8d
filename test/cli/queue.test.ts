/** The loop that people write by hand: a list of experiments, worked through. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { enqueue, takeOut } from '../../src/cli/queue.js';
import type { Experiment } from '../../src/config/schema.js';
import { openStore } from '../../src/store/store.js';
import type { TrainEvent } from '../../src/trainer/events.js';
import { experiment as sample } from './samples.js';
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

const runs = async () => JSON.parse((await place.here('runs', '--json')).stdout) as Row[];
const states = async () => Object.fromEntries((await runs()).map(({ name, state }) => [name, state]));

it('works through a list, and then only what is not complete', async () => {
  const files = [experiment('a'), experiment('broken', {}, 'nowhere.jsonl'), experiment('c')];
  const added = await place.run('queue', 'add', ...files);
  expect(added).toMatchObject({ code: 0, stderr: '' });
  expect(added.stdout).toMatch(/^a \(\w+\) is in line, number 1\nbroken .* number 2\nc .* number 3\n$/);
  await expect.poll(states, { timeout: 90_000, interval: 500 }).toEqual({ a: 'completed', broken: 'failed', c: 'completed' });
  const again = await place.run('queue', 'add', files[0], files[2]);
  expect(again.stdout).toMatch(/^a \(\w+\) is complete: skipped\nc \(\w+\) is complete: skipped\n$/);
  expect(await runs()).toHaveLength(3);
});

it('knows a complete experiment again whose rate, length or micro-batches were changed since', async () => {
  const home = mkdtempSync(join(tmpdir(), 'workbench-asked-'));
  const store = openStore(home);
  try {
    const file: Experiment = { ...sample, name: 'asked', train: { ...sample.train, max_steps: 4, per_device_train_batch_size: 8, gradient_accumulation_steps: 1 } };
    const other: Experiment = { ...file, train: { ...file.train, learning_rate: 0.5 } };
    const { id } = store.createRun({ name: 'asked', config: file });
    const at = { step: 4, total_steps: 4, epoch: 1 };
    const say = (event: TrainEvent) => store.record(id, event, new Date().toISOString());
    const complete = () => say({ type: 'completed', ...at, output: 'o', peak_memory_bytes: 1 });
    say({ type: 'changed', ...at, changes: { learning_rate: 0.125 } });
    complete();
    expect(await enqueue(store, home, file)).toBe(`asked (${id}) is complete: skipped`);
    const { config } = store.run(id);
    expect(store.requeue(id, { ...config, train: { ...config.train, max_steps: 8, per_device_train_batch_size: 4, gradient_accumulation_steps: 2 } })).toBe(true);
    complete();
    expect(await enqueue(store, home, file)).toBe(`asked (${id}) is complete: skipped`);
    expect(await enqueue(store, home, store.run(id).config)).toBe(`asked (${id}) is complete: skipped`);
    // A file with a rate of its own is an experiment of its own.
    expect(await enqueue(store, home, other)).toContain('is in line, number 1');
    const [waiting] = store.queue();
    store.claim(waiting, { pid: 1, startTime: '1', bootId: 'b' });
    expect(() => takeOut(store, waiting)).toThrow(/is not in the queue: it is running$/);
    expect(store.run(waiting).state).toBe('running');
    // What was cut off goes on as it was last, not as the file has it.
    store.requeue(id, store.run(id).config);
    store.setState(id, 'crashed', 'cut off');
    expect(await enqueue(store, home, file)).toContain(`asked (${id}) is in line, number 1; it goes on`);
    const { id: first } = store.createRun({ name: 'first', config: other });
    store.enqueueFirst(first);
    expect(store.queue()).toEqual([first, id]);
    expect(() => store.enqueueFirst(waiting)).toThrow(/is not in the queue/);
    expect(store.run(id).config.train).toMatchObject({ learning_rate: 0.125, max_steps: 8, per_device_train_batch_size: 4 });
  } finally {
    store.close();
    rmSync(home, { recursive: true });
  }
});

it('resumes what was stopped, in its place', async () => {
  const [first, second, third] = ['long', 'next', 'last'].map((name) => experiment(name, { max_steps: 100_000, save_steps: 0 }));
  expect((await place.run('queue', 'add', first, second, third)).code).toBe(0);
  await expect.poll(async () => (await runs()).find(({ name }) => name === 'long')?.step, { timeout: 90_000, interval: 200 }).toBeGreaterThan(0);
  expect((await place.run('queue', 'move', 'last', '1')).stdout).toMatch(/is number 1 of 2 now/);
  const waiting = JSON.parse((await place.here('queue', 'list', '--json')).stdout) as Row[];
  expect(waiting.map(({ name, state }) => `${name} ${state}`)).toEqual(['long running', 'last queued', 'next queued']);
  expect((await place.run('queue', 'remove', 'last', 'next')).code).toBe(0);
  expect((await place.here('stop', 'long')).code).toBe(0);
  await expect.poll(states, { timeout: 90_000, interval: 200 }).toMatchObject({ long: 'stopped', next: 'stopped', last: 'stopped' });
  expect((await place.run('queue', 'add', first)).stdout).toMatch(/^long \(\w+\) is in line, number 1; it goes on after step \d+ of the \d+ it did\n$/);
  await expect.poll(states, { timeout: 90_000, interval: 200 }).toMatchObject({ long: 'running' });
  expect((await place.here('stop', 'long')).code).toBe(0);
  await expect.poll(states, { timeout: 90_000, interval: 200 }).toMatchObject({ long: 'stopped' });
  expect(await place.here('queue', 'list')).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('Nothing runs and nothing waits') as string });
});

it('reads every file before it queues the first', async () => {
  const before = await states();
  expect(await place.run('queue', 'add', experiment('fine'), join(place.folder, 'nowhere.yaml'))).toMatchObject({ code: 2, stdout: '' });
  expect(await states()).toEqual(before);
});
