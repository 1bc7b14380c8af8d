/** Memory that runs out: for real, under a limit of address space, and by the kernel's hand. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { KernelKills } from '../../src/runner/memory.js';
import { settle } from '../../src/runner/outcome.js';
import type { RunRecord } from '../../src/store/rows.js';
import { repository, Workplace } from '../cli/workbench.js';
import { Tiny } from '../runner/tiny.js';

const place = new Tiny();
const cli = new Workplace();
afterAll(async () => {
  await place.remove();
  cli.remove();
});

const prlimit = (() => {
  try {
    return execFileSync('which', ['prlimit'], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
})();

it.skipIf(prlimit === null)('an allocation that fails ends in a retry or in a sentence, never in silence (needs prlimit)', { timeout: 300_000 }, async () => {
  // How much address space is too little differs between machines: whatever it is, the end must be a good one.
  const ends: RunRecord[] = [];
  for (const megabytes of [1500, 2150]) {
    const settings = ['train.max_steps=3', 'train.eval_on_start=false', 'train.save_steps=1', 'train.per_device_train_batch_size=256', 'max_length=64'].flatMap((each) => ['--set', each]);
    const done = await cli.runUnder([prlimit!, `--as=${megabytes}000000`], 'train', join(repository, 'experiments', 'quickstart.yaml'), ...settings, '--name', `at ${megabytes}`);
    const [run] = (JSON.parse((await cli.run('runs', '--json')).stdout) as RunRecord[]).filter(({ name }) => name === `at ${megabytes}`);
    expect(done.code, done.stderr).toBe(run.state === 'completed' ? 0 : 1);
    if (run.state !== 'completed') expect(run.reason).toMatch(/out of memory|memory ran out/i);
    ends.push(run);
  }
  expect(ends.map(({ state }) => state)).not.toContain('running');
});

it('what the kernel killed for memory goes on from its checkpoint, with smaller micro-batches of the same updates', async () => {
  const settings = ['train.max_steps=20', 'train.per_device_train_batch_size=4', 'train.save_steps=1', 'lora.lora_dropout=0'];
  const [whole, id] = [place.create(...settings), place.create(...settings)];
  await place.run(whole);
  // Killed by hand, but counted as the kernel counts: nobody may fill the memory of a machine for a test.
  const counter = join(place.home, 'vmstat');
  writeFileSync(counter, 'pgfault 5\noom_kill 3\n');
  const kernel = new KernelKills(counter);
  expect(kernel.recent()).toBe(false);
  const since = place.store.waitingSince(id);
  const watched = place.runHere(id, { killAt: 5 });
  const exit = await watched;
  writeFileSync(counter, 'pgfault 5\noom_kill 4\n');
  expect(kernel.recent()).toBe(true);
  kernel.close();
  const events = settle(place.store, place.home, { runId: id, since, exit: { ...exit, kernelKilled: true } });
  expect(events[0]).toMatchObject({ type: 'changed', changes: { per_device_train_batch_size: 2, gradient_accumulation_steps: 2 } });
  expect(place.store.run(id)).toMatchObject({ state: 'queued', config: { train: { per_device_train_batch_size: 2 } } });
  expect(place.store.warnings(id).at(-1)).toMatch(/^Memory ran out after update \d+: the system ended its process because memory ran out, [\d.]+ MB were measured and [\d.]+ MB estimated\. It goes on from step \d+ with 2 rows at a time, 2 times an update/);
  expect(await place.run(id)).toMatchObject({ state: 'completed', step: 20 });
  const [expected, found] = [place.losses(whole), place.losses(id)];
  expect(found.map(([step]) => step)).toEqual(expected.map(([step]) => step));
  for (const [index, [, loss]] of found.entries()) expect(Math.abs(loss - expected[index][1])).toBeLessThan(1e-4);
});

it('without the policy, or with one row already, the reason has the figures and what to try', async () => {
  for (const set of ['train.auto_find_batch_size=false', 'train.per_device_train_batch_size=1']) {
    const id = place.create('train.max_steps=200', 'train.save_steps=0', set);
    const since = place.store.waitingSince(id);
    const exit = await place.runHere(id, { killAt: 2 });
    expect(settle(place.store, place.home, { runId: id, since, exit: { ...exit, kernelKilled: true } })).toEqual([]);
    expect(place.store.run(id)).toMatchObject({ state: 'crashed', reason: expect.stringMatching(/^the system ended its process because memory ran out, .* were measured and .* estimated: try a smaller train\.per_device_train_batch_size or max_length$/) as string });
  }
});
