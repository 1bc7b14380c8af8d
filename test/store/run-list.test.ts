/** What the list of all runs promises to whoever asks for it again and again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import { databasePath } from '../../src/store/folders.js';
import { migrations } from '../../src/store/migrations/index.js';
import type { StoreReader } from '../../src/store/rows.js';
import { openReader, openStore } from '../../src/store/store.js';
import type { Store } from '../../src/store/store.js';
import type { StepEvent } from '../../src/trainer/events.js';

const config = parseExperiment({ model: 'm', dataset: { path: 'd.jsonl' } });
const time = '2026-01-02T03:04:05.678Z';
const stepped = (step: number, loss: number): StepEvent => ({ type: 'step', step, total_steps: 1000, epoch: 1, loss, learning_rate: 1e-4, grad_norm: 1, tokens_seen: step * 100, tokens_per_second: 50, elapsed_time: step, remaining_time: 0, memory_bytes: 1000 });

let home: string;
let store: Store;
let reader: StoreReader;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'workbench-list-'));
  store = openStore(home);
  reader = openReader(home);
});
afterEach(() => {
  reader.close();
  store.close();
  rmSync(home, { recursive: true });
});

const create = (name: string) => store.createRun({ name, config }).id;

describe('the list of runs', () => {
  it('is the same while nothing has changed, and each record that has not', () => {
    const [a, b] = [create('a'), create('b')];
    const before = reader.runs();
    expect(reader.runs()).toBe(before);
    expect(before.map(({ id }) => id)).toEqual([b, a]);
    store.record(a, stepped(1, 2), time);
    const after = reader.runs();
    expect(after).not.toBe(before);
    expect(after[0]).toBe(before[0]);
    expect(after[1]).toMatchObject({ id: a, step: 1, train_loss: 2 });
  });

  it.each<[string, (id: string) => void, object]>([
    ['a tag', (id) => store.tag(id, { add: ['x'] }), { tags: ['x'] }],
    ['a note', (id) => store.note(id, 'n'), { note: 'n' }],
    ['a name', (id) => store.rename(id, 'other'), { name: 'other' }],
    ['a state', (id) => store.setState(id, 'crashed', 'gone'), { state: 'crashed', reason: 'gone' }],
    ['a checkpoint', (id) => store.record(id, { type: 'checkpoint', step: 3, total_steps: 9, epoch: 1, path: '/nowhere', bytes: 1 }, time), { checkpoints: [{ step: 3, path: '/nowhere', valid: false }] }],
    ['the archive', (id) => store.archive(id, true), { archived: true }],
  ])('learns of %s', (_, change, expected) => {
    const id = create('a');
    expect(reader.runs()).toMatchObject([{ tags: [], checkpoints: [], archived: false }]);
    change(id);
    expect(reader.runs()).toMatchObject([expected]);
    expect(store.runs()).toEqual(reader.runs());
  });

  it('learns of runs that come and go, and keeps the newest first', () => {
    const first = create('first');
    reader.runs();
    const gone = create('gone');
    const last = create('last');
    expect(reader.runs().map(({ id }) => id)).toEqual([last, gone, first]);
    store.setState(gone, 'stopped', null);
    store.remove(gone);
    store.adoptRun({ id: '0000000000', name: 'adopted', created_at: time, config, state: 'crashed', reason: 'found', points: [], last: null });
    expect(reader.runs().map(({ id }) => id)).toEqual([last, first, '0000000000']);
  });

  it('knows nothing of what was taken back', () => {
    create('kept');
    expect(() => store.transaction(() => {
      create('taken back');
      expect(store.runs().map(({ name }) => name)).toEqual(['taken back', 'kept']);
      throw new Error('no');
    })).toThrow('no');
    create('another');
    expect(store.runs().map(({ name }) => name)).toEqual(['another', 'kept']);
  });

  it('is not read again for what only the machinery sees', () => {
    const id = create('a');
    const process = { pid: 1, startTime: '1', bootId: 'b' };
    const before = reader.runs();
    store.claim(id, process);
    const running = reader.runs();
    expect(running[0].state).toBe('running');
    store.clearProcess(id, process);
    expect(reader.runs()).toBe(running);
    expect(before[0].state).toBe('queued');
  });

  it('gives records that hold all there is, copied or as JSON, after the store is closed too', () => {
    create('a');
    const [run] = reader.runs();
    reader.close();
    expect({ ...run }.config).toEqual(config);
    expect(JSON.parse(JSON.stringify(run))).toMatchObject({ name: 'a', config: { model: 'm' }, checkpoints: [] });
    reader = openReader(home);
  });
});

it('brings an older store to this version, with a copy of the old one beside it', () => {
  const old = mkdtempSync(join(tmpdir(), 'workbench-old-'));
  const db = new Database(databasePath(old));
  for (const sql of migrations.slice(0, 2)) db.exec(sql);
  db.pragma('user_version = 2');
  db.prepare("INSERT INTO runs (id, name, state, created_at, config) VALUES ('a1', 'kept', 'completed', ?, ?)").run(time, JSON.stringify(config));
  db.close();
  const migrated = openStore(old);
  expect(migrated.runs()).toMatchObject([{ id: 'a1', name: 'kept', config }]);
  migrated.note('a1', 'still here');
  expect(migrated.runs()).toMatchObject([{ note: 'still here' }]);
  expect(migrated.preference('runs')).toBeNull();
  migrated.setPreference('runs', { columns: ['name'] });
  expect(migrated.preference('runs')).toEqual({ columns: ['name'] });
  migrated.close();
  rmSync(old, { recursive: true });
});

describe('curves', () => {
  it('are sketched from few points, the first and the last among them', () => {
    const id = create('a');
    for (let step = 1; step <= 1000; step++) store.record(id, stepped(step, step === 500 ? NaN : 1 / step), time);
    const { x, y } = store.sketch(id, 'loss', 10);
    expect(x).toEqual([1, 112, 223, 334, 445, 556, 667, 778, 889, 1000]);
    expect(y[9]).toBe(0.001);
    expect(store.sketch(id, 'loss', 3)).toEqual({ x: [1, 501, 1000], y: [1, 1 / 501, 0.001] });
    expect(store.sketch(id, 'eval_loss', 3)).toEqual({ x: [], y: [] });
    const short = create('b');
    store.record(short, stepped(7, 2), time);
    expect(store.sketch(short, 'loss', 10)).toEqual({ x: [7], y: [2] });
  });
});
