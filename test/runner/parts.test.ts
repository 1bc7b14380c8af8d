import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import { runSocket, supervisorSocket } from '../../src/runner/address.js';
import { admitChange, askFor, closeChanges, isControl, newControls, takeAsked } from '../../src/runner/controls.js';
import { isAlive, ownIdentity } from '../../src/runner/identity.js';
import { Recorder } from '../../src/runner/recorder.js';
import { ask, serve } from '../../src/runner/socket.js';
import { databasePath } from '../../src/store/folders.js';
import { openStore } from '../../src/store/store.js';
import type { StepEvent } from '../../src/trainer/events.js';

let home: string;
beforeEach(() => { home = mkdtempSync(join(tmpdir(), 'workbench-parts-')); });
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

describe('controls', () => {
  it('are taken once, whatever their order', () => {
    const controls = newControls();
    for (const control of ['save', 'stop', 'save'] as const) askFor(controls, control);
    expect(takeAsked(controls)).toEqual(['stop', 'save']);
    expect(takeAsked(controls)).toEqual([]);
  });

  it('pause and continue undo each other', () => {
    const controls = newControls();
    for (const control of ['pause', 'continue'] as const) askFor(controls, control);
    expect(takeAsked(controls)).toEqual(['continue']);
    for (const control of ['continue', 'pause'] as const) askFor(controls, control);
    expect(takeAsked(controls)).toEqual(['pause']);
  });

  it('a change is admitted until the run takes no more, and none is lost on the way', () => {
    const controls = newControls();
    expect(admitChange(controls)).toBe(true);
    expect(closeChanges(controls, 0)).toBe(false);
    expect(closeChanges(controls, 1)).toBe(true);
    expect(admitChange(controls)).toBe(false);
    expect(closeChanges(controls, 1)).toBe(true);
  });

  it('are these words and no others', () => {
    expect(['stop', 'evaluate', 'kill', 'toString', 3].map(isControl)).toEqual([true, true, false, false, false]);
  });
});

describe('a socket', () => {
  it('answers, refuses in words, and goes with its server', async () => {
    const path = join(home, 's.sock');
    await expect(ask(path, {})).rejects.toThrow('ENOENT');
    const server = await serve(path, (request) => { if ((request as { n: number }).n > 1) throw new Error('too many'); });
    expect(await Promise.all([ask(path, { n: 1 }), ask(path, { n: 2 })])).toEqual([{ type: 'ok' }, { type: 'refused', reason: 'too many' }]);
    await new Promise((resolve) => server.close(resolve));
    await expect(ask(path, { n: 1 })).rejects.toThrow('ENOENT');
  });

  it('does not wait for ever for an answer, nor break at nonsense', async () => {
    const path = join(home, 's.sock');
    const server = createServer((socket) => socket.on('data', (data) => data.includes('speak') && socket.write('nonsense\n')));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    await expect(ask(path, {}, 50)).rejects.toThrow('no answer came within 50 ms');
    await expect(ask(path, { type: 'speak' })).rejects.toThrow(SyntaxError);
    await new Promise((resolve) => server.close(resolve));
  });

  it('lies in the home, or where that is too long in a folder of this user alone', () => {
    expect(runSocket(home, 'abc')).toBe(join(home, 'sockets', 'abc.sock'));
    vi.stubEnv('XDG_RUNTIME_DIR', home);
    const long = join(home, 'é'.repeat(50));
    const path = supervisorSocket(long);
    expect(Buffer.byteLength(path)).toBeLessThan(104);
    expect(dirname(dirname(path))).toBe(join(home, `workbench-${userInfo().uid}`));
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(supervisorSocket(`${long}x`)).not.toBe(path);
    chmodSync(dirname(dirname(path)), 0o755);
    expect(() => supervisorSocket(long)).toThrow(/is not a folder of yours alone \(mode 0700\)/);
  });
});

it('this process lives, and one that had its number before does not', () => {
  expect(isAlive(ownIdentity())).toBe(true);
  expect(isAlive({ ...ownIdentity(), startTime: '0' })).toBe(false);
  expect(isAlive({ ...ownIdentity(), pid: 2 ** 22 + 1 })).toBe(false);
});

it('what cannot be written now is written with the next event, in order; what the store refuses is left out', async () => {
  const store = openStore(home, 20);
  const { id } = store.createRun({ name: 'a', config: parseExperiment({ model: 'm', dataset: { path: 'd' } }) });
  mkdirSync(join(home, 'runs', id), { recursive: true });
  const complaints: string[] = [];
  const recorder = new Recorder(store, { runId: id, folder: join(home, 'runs', id), complain: (line) => complaints.push(line) });
  const step = (n: number): StepEvent => ({ type: 'step', step: n, total_steps: 9, epoch: 1, loss: n, learning_rate: 1, grad_norm: 1, tokens_seen: n, tokens_per_second: 1, elapsed_time: n, remaining_time: 1, memory_bytes: 1 });
  const record = (n: number) => recorder.record({ type: 'event', event: step(n), time: new Date().toISOString() });
  record(1);
  const other = new Database(databasePath(home));
  other.exec('BEGIN IMMEDIATE');
  record(2);
  record(3);
  expect(complaints).toEqual([expect.stringMatching(/^1 events wait to be recorded: the store .* is locked/), expect.stringMatching(/^2 events wait/)]);
  expect(store.metrics(id, ['loss'])).toHaveLength(1);
  other.exec('ROLLBACK');
  other.exec("CREATE TRIGGER picky BEFORE INSERT ON events WHEN NEW.type = 'warning' BEGIN SELECT RAISE(ABORT, 'not this one'); END");
  other.close();
  recorder.record({ type: 'event', event: { type: 'warning', message: 'refused' }, time: new Date().toISOString() });
  expect(complaints.at(-1)).toBe('an event could not be recorded and is left out (warning): not this one');
  await recorder.settle();
  expect(store.metrics(id, ['loss']).map(({ value }) => value)).toEqual([1, 2, 3]);
  expect(readFileSync(join(home, 'runs', id, 'trainer_log.jsonl'), 'utf8').trim().split('\n')).toHaveLength(3);
  store.close();
});

it('a line that cannot be written is written later, in its place, and what the store has is not recorded twice', async () => {
  const store = openStore(home);
  const { id } = store.createRun({ name: 'full', config: parseExperiment({ model: 'm', dataset: { path: 'd' } }) });
  const folder = join(home, 'runs', id);
  const log = join(folder, 'trainer_log.jsonl');
  mkdirSync(log, { recursive: true }); // no file can be written there
  const complaints: string[] = [];
  const recorder = new Recorder(store, { runId: id, folder, complain: (line) => complaints.push(line) });
  const record = (n: number) =>
    recorder.record({ type: 'event', time: new Date().toISOString(), event: { type: 'step', step: n, total_steps: 9, epoch: 1, loss: n, learning_rate: 1, grad_norm: 1, tokens_seen: n, tokens_per_second: 1, elapsed_time: n, remaining_time: 1, memory_bytes: 1 } });
  record(1);
  record(2);
  expect(store.metrics(id, ['loss'])).toHaveLength(2);
  expect(complaints).toEqual([expect.stringMatching(/^lines of its files wait to be written: EISDIR/)]);
  rmSync(log, { recursive: true });
  record(3);
  await recorder.settle();
  expect(readFileSync(log, 'utf8').trim().split('\n').map((line) => (JSON.parse(line) as { current_steps: number }).current_steps)).toEqual([1, 2, 3]);
  expect(store.metrics(id, ['loss']).map(({ value }) => value)).toEqual([1, 2, 3]);
  store.close();
});
