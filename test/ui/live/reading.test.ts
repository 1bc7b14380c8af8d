/** A run of many points, as it is read for a screen. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseExperiment } from '../../../src/config/parse.js';
import { databasePath } from '../../../src/store/folders.js';
import { openStore } from '../../../src/store/store.js';
import type { Store } from '../../../src/store/store.js';
import { readShown } from '../../../src/ui/look.js';
import type { RunData } from '../../../src/ui/run-data.js';
import { initialDrawing } from '../../../src/ui/drawing.js';
import { readingDetail } from '../../../src/ui/screens/live/detail.js';
import { readingCurve } from '../../../src/ui/screens/compare/model.js';

const home = mkdtempSync(join(tmpdir(), 'workbench-reading-'));
const points = 60_000;
let store: Store;
let id = '';

beforeAll(() => {
  store = openStore(home);
  ({ id } = store.createRun({ name: 'long', config: parseExperiment({ model: 'm', dataset: { path: 'd' } }) }));
  store.record(id, { type: 'step', step: 10, total_steps: 10 * points, epoch: 0, loss: 1, learning_rate: 1, grad_norm: 1, tokens_seen: 1, tokens_per_second: 1, elapsed_time: 1, remaining_time: 1, memory_bytes: 1 }, new Date(0).toISOString());
  const db = new Database(databasePath(home));
  db.exec(`INSERT INTO metrics (run, key, step, seq, time, value) WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ${points})
    SELECT m.run, m.key, 10 * i, m.seq + i, i, i FROM n, metrics m WHERE m.step = 10`);
  db.close();
});

afterAll(() => {
  store.close();
  rmSync(home, { recursive: true });
});

it('is counted by its density', () => {
  expect(store.pointCount(id, { key: 'loss', after: -1 }) / points).toBeCloseTo(1, 2);
  expect(store.pointCount(id, { key: 'loss', after: 10, to: 50 })).toBe(4);
});

it('is read to its end, a part at a time', async () => {
  const seen: RunData[] = [];
  readShown(store, { runId: () => id, data: () => seen.at(-1) ?? null, show: (data) => void seen.push(data) });
  expect(seen[0].complete).toBe(false);
  await expect.poll(() => seen.at(-1)?.complete, { timeout: 90_000, interval: 5 }).toBe(true);
  for (const curve of ['loss', 'learning_rate', 'tokens_seen']) expect(seen.at(-1)?.curves[curve].stretches.reduce((sum, stretch) => sum + stretch.points, 0)).toBe(points);
  expect(seen.at(-1)?.curves['loss'].stretches.at(-1)).toMatchObject({ last: 10 * points, high: points });
});

it('is left for another run that is looked at meanwhile', () => {
  let shown: string | null = id;
  const seen: RunData[] = [];
  readShown(store, { runId: () => shown, data: () => seen.at(-1) ?? null, show: (data) => void seen.push(data) });
  shown = null;
  return new Promise<void>((resolve) => void setTimeout(() => resolve(expect(seen).toHaveLength(1)), 0));
});

it('is read more finely where it is zoomed in, a part at a time', async () => {
  const seen: RunData[] = [];
  readShown(store, { runId: () => id, data: () => seen.at(-1) ?? null, show: (data) => void seen.push(data) });
  await expect.poll(() => seen.at(-1)?.complete, { timeout: 90_000, interval: 5 }).toBe(true);
  const reading = readingDetail(store, { runId: id, data: seen.at(-1)!, drawing: { ...initialDrawing, window: { span: 10 * 20_000, end: null } } });
  let stops = 0;
  let read = reading.next();
  for (; !read.done; read = reading.next()) stops++;
  expect(stops).toBeGreaterThanOrEqual(20_000 / 4_000);
  const stretches = read.value?.['loss'] ?? [];
  expect(stretches[0].points).toBeLessThan(seen.at(-1)!.curves['loss'].points);
  expect(stretches.reduce((sum, stretch) => sum + stretch.points, 0)).toBeCloseTo(20_001, -2);
  expect(stretches.at(-1)?.last).toBe(10 * points);
});

it('is compared after as many stops', () => {
  const reading = readingCurve(store, id, 'loss');
  let stops = 0;
  let read = reading.next();
  for (; !read.done; read = reading.next()) stops++;
  expect(stops).toBeGreaterThan(2 * (points / 4_000) - 3);
  expect(read.value.values.stretches.at(-1)?.last).toBe(10 * points);
});
