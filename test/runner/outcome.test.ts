/** What is said of a run whose process ended, while others take the same run. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import { runSocket } from '../../src/runner/address.js';
import { ownIdentity } from '../../src/runner/identity.js';
import { reconcile, settle, settleUnbegun } from '../../src/runner/outcome.js';
import { prepareResume } from '../../src/runner/resume.js';
import { runFolder } from '../../src/store/folders.js';
import { openStore, type Store } from '../../src/store/store.js';

const config = parseExperiment({ model: 'm', dataset: { path: 'd' } });
const soon = { timeout: 90_000, interval: 5 };
const self = ownIdentity();
/** One that had this number before. */
const gone = { ...self, startTime: '0' };
/** A container counts its own processes: by that number there is none here, or another. */
const beforeRestart = { ...self, pidNamespace: 'pid:[1]' };
const inContainer = { ...beforeRestart, host: 'another-container' };
const killed = { code: null, signal: 'SIGKILL' } as const;

let home: string;
let store: Store;
let id: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'workbench-outcome-'));
  store = openStore(home);
  ({ id } = store.createRun({ name: 'taken', config }));
});
afterEach(() => {
  store.close();
  rmSync(home, { recursive: true });
});

it('the end of one process is not said of the next one, whose record and socket stay', () => {
  store.claim(id, gone);
  expect(settle(store, home, { runId: id, exit: null })).toEqual([]);
  expect(store.run(id)).toMatchObject({ state: 'crashed', reason: expect.stringContaining('nobody saw how') as string });
  store.requeue(id, config);
  store.claim(id, self);
  mkdirSync(dirname(runSocket(home, id)), { recursive: true });
  writeFileSync(runSocket(home, id), '');
  settle(store, home, { runId: id, exit: killed });
  expect(store.clearProcess(id, gone)).toBe(false);
  expect(store.run(id)).toMatchObject({ state: 'running', reason: null });
  expect(store.processOf(id)).toEqual(self);
  expect(existsSync(runSocket(home, id))).toBe(true);
});

it('nobody can take a run while its end is recorded', () => {
  store.claim(id, gone);
  const other = openStore(home, 0);
  const clear = store.clearProcess.bind(store);
  let tried = 0;
  store.clearProcess = (...process) => {
    expect(() => other.requeue(id, config)).toThrow(/locked by another program/);
    tried++;
    return clear(...process);
  };
  settle(store, home, { runId: id, exit: killed });
  expect(tried).toBe(1);
  expect(store.run(id).reason).toContain('SIGKILL');
  expect(other.requeue(id, config)).toBe(true);
  other.close();
});

it('says nothing of a run in a container of this machine, which has its own count of processes', () => {
  store.claim(id, inContainer);
  expect(reconcile(store, home)).toEqual([]);
  expect(store.run(id).state).toBe('running');
  expect(store.processOf(id)).toEqual(inContainer);
});

it('knows that what ran in this container has ended when it was started again, whoever has that number now', () => {
  store.claim(id, beforeRestart);
  expect(reconcile(store, home)).toEqual([]);
  expect(store.run(id).state).toBe('crashed');
});

it('keeps the store no longer than it takes to set the files of an engine aside, however many they are', () => {
  const engine = join(runFolder(home, id), 'engine');
  mkdirSync(engine, { recursive: true });
  writeFileSync(join(engine, 'weights'), 'many');
  store.claim(id, gone);
  const setAside = () => readdirSync(join(home, 'scratch'), { recursive: true }).filter((path) => String(path).endsWith('weights'));
  store.transaction(() => {
    settle(store, home, { runId: id, exit: null });
    expect([existsSync(engine), setAside().length]).toEqual([false, 1]);
  });
  expect(setAside()).toEqual([]);
});

it('says nothing of a run that was removed meanwhile', () => {
  store.cancel(id, 'not wanted');
  store.remove(id);
  expect(settle(store, home, { runId: id, exit: killed })).toEqual([]);
});

it('a process that ended before it began is not said of a run that waits anew', () => {
  const since = store.waitingSince(id);
  settleUnbegun(store, { runId: id, since: 'earlier' }, 'ended with 1');
  expect(store.waitingSince(id)).toBe(since);
  settleUnbegun(store, { runId: id, since }, 'ended with 1');
  expect(store.run(id)).toMatchObject({ state: 'failed', reason: 'its process ended with 1: see run.log' });
});

it('a run whose place in line is kept is not taken for one that was forgotten', () => {
  store.enqueue(id);
  const { id: forgotten } = store.createRun({ name: 'forgotten', config });
  const now = Date.now;
  Date.now = () => now() + 3600_000;
  try {
    reconcile(store, home);
  } finally {
    Date.now = now;
  }
  expect([store.run(id).state, store.run(forgotten).state]).toEqual(['queued', 'stopped']);
});

it.each([['this one', self], ['one in a container of this machine', inContainer]])('a run that has said its end goes on only when its process has gone: %s', async (_, holder) => {
  store.claim(id, holder);
  store.setState(id, 'completed', null);
  const process = store.processOf.bind(store);
  let asked = 0;
  store.processOf = (run) => {
    asked++;
    return process(run);
  };
  const resumed = prepareResume(store, home, { run: store.run(id), options: { config: { ...config, train: { ...config.train, max_steps: 9 } }, from: null, branch: false } });
  await expect.poll(() => asked, soon).toBeGreaterThan(1);
  expect(store.run(id).state).toBe('completed');
  store.clearProcess(id, holder);
  expect(await resumed).toMatchObject({ id, state: 'queued' });
});

it('a run that somebody else resumed meanwhile is left alone', async () => {
  store.claim(id, gone);
  store.setState(id, 'stopped', 'by hand');
  const run = store.run(id);
  const checkpoints = join(runFolder(home, id), 'checkpoints');
  mkdirSync(join(checkpoints, '.step-4.old'), { recursive: true }); // as a writer at work leaves it for a moment
  store.requeue(id, config);
  store.claim(id, self);
  await expect(prepareResume(store, home, { run, options: { config, from: null, branch: false } })).rejects.toThrow(/was resumed by somebody else just now/);
  expect(readdirSync(checkpoints)).toEqual(['.step-4.old']);
});

describe('a run that has trained', () => {
  const checkpoint = (step: number) => join(runFolder(home, id), 'checkpoints', `step-${step}`);
  const resume = (from: number | null) => prepareResume(store, home, { run: store.run(id), options: { config, from, branch: false } });
  beforeEach(() => {
    const time = new Date().toISOString();
    for (const step of [2, 4]) {
      mkdirSync(checkpoint(step), { recursive: true });
      writeFileSync(join(checkpoint(step), 'trainer_state.json'), JSON.stringify({ version: 1, step, total_steps: 9, position: { epoch: 0, index: 0 }, tokens_seen: 0, elapsed_time: 0, files: {} }));
      store.record(id, { type: 'checkpoint', step, total_steps: 9, epoch: 0, path: checkpoint(step), bytes: 1 }, time);
    }
    store.record(id, { type: 'stopped', step: 4, total_steps: 9, epoch: 0, reason: 'by hand', output: null }, time);
  });

  it('does not begin anew where its checkpoints are gone, or cannot be read', async () => {
    rmSync(dirname(checkpoint(0)), { recursive: true });
    await expect(resume(null)).rejects.toThrow(/has trained 4 updates, and none of its checkpoints is in .*: bring one back .*, or start a new run/);
    writeFileSync(dirname(checkpoint(0)), 'no folder');
    await expect(resume(null)).rejects.toThrow(/ENOTDIR/);
    expect(store.run(id).state).toBe('stopped');
  });

  it('keeps its later checkpoints where going back behind them cannot be recorded', async () => {
    const transaction = store.transaction.bind(store);
    store.transaction = (work) => transaction(() => {
      const done = work();
      if (!existsSync(checkpoint(4))) throw new Error('the disk is full');
      return done;
    });
    await expect(resume(2)).rejects.toThrow('the disk is full');
    expect(readdirSync(dirname(checkpoint(0)))).toEqual(['step-2', 'step-4']);
  });
});
