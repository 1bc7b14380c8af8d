import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import { openStore } from '../../src/store/store.js';
import type { Store } from '../../src/store/store.js';

let home = '';
let store: Store;
let id = '';
const config = parseExperiment({ model: 'm', dataset: { path: 'd' } });
const time = (step: number): string => new Date(1_767_000_000_000 + step * 1000).toISOString();

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'workbench-curves-'));
  store = openStore(home);
  id = store.createRun({ name: 'a', config }).id;
});

afterEach(() => {
  store.close();
  rmSync(home, { recursive: true });
});

function log(step: number, loss: number): void {
  store.record(id, { type: 'step', step, total_steps: 100, epoch: 0, loss, learning_rate: 1, grad_norm: 1, tokens_seen: step, tokens_per_second: 1, elapsed_time: 1, remaining_time: 1, memory_bytes: 1 }, time(step));
}

describe('stretches of a curve', () => {
  it('have the extremes, the mean and the ends of their points', () => {
    [5, 1, 9, 4, 7].forEach((loss, i) => log(10 * (i + 1), loss));
    const found = store.stretches(id, { key: 'loss', after: -1, points: 3, limit: 10 });
    expect(found).toEqual([
      { first: 10, last: 30, time: Date.parse(time(30)), seq: 3, points: 3, finite: 3, low: 1, high: 9, mean: 5 },
      { first: 40, last: 50, time: Date.parse(time(50)), seq: 5, points: 2, finite: 2, low: 4, high: 7, mean: 5.5 },
    ]);
    expect(store.stretches(id, { key: 'loss', after: 20, to: 40, points: 1, limit: 10 }).map(({ last, low, mean, points }) => [last, low, mean, points])).toEqual([[30, 9, 9, 1], [40, 4, 4, 1]]);
    expect(store.pointCount(id, { key: 'loss', after: 10, to: 40 })).toBe(3);
  });

  it('are so many as there are, where the rate of logging changed on the way too', { timeout: 90_000 }, () => {
    for (let step = 1; step <= 5000; step++) log(step, 1);
    for (let step = 5100; step <= 500_000; step += 100) log(step, 1);
    expect(store.pointCount(id, { key: 'loss', after: -1 }) / (5000 + 4950)).toBeCloseTo(1, 1);
    expect(store.pointCount(id, { key: 'loss', after: 5000 }) / 4950).toBeCloseTo(1, 1);
  });

  it('are read on from the last one, as many as are asked for', () => {
    for (let step = 1; step <= 10; step++) log(step, step);
    const first = store.stretches(id, { key: 'loss', after: -1, points: 2, limit: 2 });
    expect(first.map(({ last }) => last)).toEqual([2, 4]);
    expect(store.stretches(id, { key: 'loss', after: 4, points: 2, limit: 9 }).map(({ last }) => last)).toEqual([6, 8, 10]);
    expect(store.stretches(id, { key: 'loss', after: 10, points: 2, limit: 9 })).toEqual([]);
    expect(store.stretches(id, { key: 'never logged', after: -1, points: 2, limit: 9 })).toEqual([]);
  });

  it('leave out of their extremes what is not a number, and say how many are', () => {
    [1, Number.NaN, 3, Number.NaN, Infinity].forEach((loss, i) => log(i + 1, loss));
    const [mixed, none] = store.stretches(id, { key: 'loss', after: -1, points: 3, limit: 10 });
    expect(mixed).toMatchObject({ points: 3, finite: 2, low: 1, high: 3, mean: 2 });
    expect(none).toMatchObject({ points: 2, finite: 0, low: Number.NaN, high: Number.NaN, mean: Number.NaN });
    expect(store.stretches(id, { key: 'loss', after: 3, points: 1, limit: 10 }).map(({ low }) => low)).toEqual([Number.NaN, Number.NaN]);
  });

  it('hold until a resume writes the part anew', () => {
    for (let step = 1; step <= 4; step++) log(step, step);
    const [read] = store.stretches(id, { key: 'loss', after: -1, points: 4, limit: 1 });
    expect(store.stillHolds(id, 'loss', read)).toBe(true);
    store.record(id, { type: 'resumed', step: 2, total_steps: 100, epoch: 0, checkpoint: '/c' }, time(9));
    expect(store.stillHolds(id, 'loss', read)).toBe(false);
    for (let step = 3; step <= 5; step++) log(step, step);
    expect(store.stillHolds(id, 'loss', read)).toBe(false);
  });
});

describe('what happened since', () => {
  it('is read once', () => {
    store.record(id, { type: 'warning', message: 'one' }, time(1));
    log(1, 1);
    store.record(id, { type: 'sample', step: 1, total_steps: 100, epoch: 0, prompt: 'p', text: 't' }, time(2));
    const first = store.historySince(id, 0);
    expect(first.rows).toEqual(store.history(id));
    expect(store.historySince(id, first.cursor)).toEqual({ rows: [], cursor: first.cursor });
    store.record(id, { type: 'warning', message: 'two' }, time(3));
    expect(store.historySince(id, first.cursor).rows.map(({ details }) => details)).toEqual([{ message: 'two' }]);
  });
});
