import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { concludeRun, throwIfRefused } from '../../src/cli/outcome.js';
import { runFolder } from '../../src/store/folders.js';
import { openStore } from '../../src/store/store.js';
import type { TrainEvent } from '../../src/trainer/events.js';
import { experiment, memoryTerminal, runRecord } from './samples.js';

const home = mkdtempSync(join(tmpdir(), 'workbench-outcome-'));
const store = openStore(home);
afterAll(() => {
  store.close();
  rmSync(home, { recursive: true });
});

const at = { step: 3, total_steps: 9, epoch: 0.3 };
const started: TrainEvent = { type: 'started', ...at, trainable_parameters: 1, total_parameters: 2, estimated_memory_bytes: 3, train_rows: 4, eval_rows: 5, engine: 'reference' };
const stopped: TrainEvent = { type: 'stopped', ...at, reason: 'asked', output: 'o' };
const completed: TrainEvent = { type: 'completed', ...at, output: 'o', peak_memory_bytes: 1 };
const failed = (user: boolean): TrainEvent => ({ type: 'failed', reason: 'the loss is no number', user });

describe('the exit code', () => {
  it.each<[number, string, TrainEvent[]]>([
    [0, 'an end', [started, completed]],
    [130, 'a stop', [started, stopped]],
    [2, 'a fault found before it began', [failed(true)]],
    [2, 'a fault found before it went on', [started, stopped, failed(true)]],
    [1, 'a fault on the way', [started, failed(true)]],
    [1, 'a fault of ours', [failed(false)]],
  ])('is %i for %s', (code, _, events) => {
    const { id } = store.createRun({ name: 'run', config: experiment });
    for (const event of events) store.record(id, event, new Date().toISOString());
    const terminal = memoryTerminal();
    expect(concludeRun(terminal, home, { run: store.run(id), store })).toBe(code);
    expect(terminal.err.join('')).toMatch(code === 0 || code === 130 ? /^$/ : /^workbench: the loss is no number\n/);
  });
});

it('says how a run that was cut short goes on', () => {
  const said = (state: 'stopped' | 'crashed', checkpoints: { readonly step: number; readonly path: string; readonly valid: boolean }[]): string => {
    const terminal = memoryTerminal();
    concludeRun(terminal, home, { run: runRecord({ state, reason: 'killed', checkpoints }), store });
    return terminal.err.join('');
  };
  const [whole, damaged] = [true, false].map((valid, i) => ({ step: 10 + i, path: 'c', valid }));
  expect(said('crashed', [whole, damaged])).toBe('workbench: first (1abc) crashed: killed; it goes on from step 10 with: workbench resume 1abc\n');
  expect(said('crashed', [])).toBe('workbench: first (1abc) crashed: killed; it has saved nothing; it begins again with: workbench resume 1abc\n');
  expect(said('stopped', [whole])).toBe('workbench: it goes on from step 10 with: workbench resume 1abc\n');
  expect(said('stopped', [])).toBe('');
});

describe('a run that is refused before it begins', () => {
  const refused = (): string => {
    const { id } = store.createRun({ name: 'run', config: experiment });
    mkdirSync(runFolder(home, id), { recursive: true });
    store.record(id, failed(true), new Date().toISOString());
    return id;
  };

  it('leaves nothing behind where this command has made it', () => {
    const id = refused();
    expect(() => throwIfRefused(store, home, { id, created: true })).toThrow('the loss is no number');
    expect(store.runs().some((run) => run.id === id)).toBe(false);
    expect(existsSync(runFolder(home, id))).toBe(false);
  });

  it('is kept where it was there before, or holds a checkpoint', () => {
    const [known, branch] = [refused(), refused()];
    mkdirSync(join(runFolder(home, branch), 'checkpoints', 'step-5'), { recursive: true });
    for (const [id, created] of [[known, false], [branch, true]] as const) {
      expect(() => throwIfRefused(store, home, { id, created })).toThrow('the loss is no number');
      expect(store.run(id).state).toBe('failed');
      expect(existsSync(runFolder(home, id))).toBe(true);
    }
  });
});
