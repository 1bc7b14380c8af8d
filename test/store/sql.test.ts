import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import { databasePath } from '../../src/store/folders.js';
import { querySql, sqlViews } from '../../src/store/sql.js';
import { openStore } from '../../src/store/store.js';
import type { Store } from '../../src/store/store.js';

let home: string;
let store: Store;
let id: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'workbench-sql-'));
  store = openStore(home);
  id = store.createRun({ name: 'first', config: parseExperiment({ model: '/models/m', dataset: { path: 'd.jsonl' }, lora: { r: 16 } }) }).id;
  store.record(id, { type: 'step', step: 1, total_steps: 2, epoch: 0.5, loss: 2.5, learning_rate: 1e-4, grad_norm: 1, tokens_seen: 10, tokens_per_second: 5, elapsed_time: 1, remaining_time: 1, memory_bytes: 9 }, '2026-01-01T00:00:00.000Z');
  store.record(id, { type: 'step', step: 2, total_steps: 2, epoch: 1, loss: NaN, learning_rate: 0, grad_norm: 1, tokens_seen: 20, tokens_per_second: 5, elapsed_time: 2, remaining_time: 0, memory_bytes: 9 }, '2026-01-01T00:00:01.000Z');
  store.record(id, { type: 'warning', message: 'hot' }, '2026-01-01T00:00:02.000Z');
  store.tag(id, { add: ['baseline', 'a'] });
});
afterEach(() => {
  store.close();
  rmSync(home, { recursive: true });
});

describe('a query', () => {
  it('sees what has just been written, by the names that are told', () => {
    expect(store.sql('select id, name, model, tags, state, train_loss from runs')).toEqual({ columns: ['id', 'name', 'model', 'tags', 'state', 'train_loss'], rows: [[id, 'first', '/models/m', 'a baseline', 'queued', null]], cut: false });
    expect(store.sql("select run, step, time, value from metrics where name = 'loss'").rows).toEqual([[id, 1, Date.UTC(2026, 0, 1), 2.5], [id, 2, Date.UTC(2026, 0, 1, 0, 0, 1), null]]);
    expect(store.sql("select value from settings where key = 'lora.r'").rows).toEqual([[16]]);
    expect(store.sql("select details ->> '$.message' as said from events where type = 'warning'")).toMatchObject({ columns: ['said'], rows: [['hot']] });
    expect(store.sql('select tag from tags order by tag').rows).toEqual([['a'], ['baseline']]);
  });

  it('finds a view for every name, with its columns', () => {
    const views = store.sqlViews();
    expect(views.map(({ name }) => name)).toEqual(Object.keys(sqlViews));
    for (const { name, columns } of views) expect(store.sql(`select ${columns.join(', ')} from ${name}`).columns).toEqual(columns);
  });

  it('reads one curve as a range, however many there are', () => {
    const plan = store.sql(`explain query plan select value from metrics where run = '${id}' and name = 'loss'`).rows.map((row) => String(row.at(-1)));
    expect(plan.some((step) => /SEARCH main.metrics USING PRIMARY KEY \(run=\? AND key=\?\)/.test(step)), plan.join('\n')).toBe(true);
  });

  it('ends after so many rows, or so long', () => {
    const endless = 'with recursive n (i) as (select 1 union all select i + 1 from n) select i from n';
    expect(store.sql(endless, { rows: 3 })).toEqual({ columns: ['i'], rows: [[1], [2], [3]], cut: true });
    expect(store.sql(endless, { milliseconds: 5 }).cut).toBe(true);
  });

  it('shows bytes as text', () => {
    expect(store.sql("select x'0aff' as bytes").rows).toEqual([['0aff']]);
  });

  it.each([
    ['delete from runs', 'only questions can be asked here'],
    ["insert into runs (name) values ('x') returning name", 'only questions can be asked here'],
    ["attach database '/tmp/x.db' as x", 'only questions can be asked here'],
    ["select 1; drop table runs", 'one query at a time'],
    ['', 'there is no query'],
    ['selekt 1', 'near "selekt": syntax error'],
    ['select * from run', 'no such table: run: there are runs, metrics, settings'],
    ['select losss from runs', 'no such column: losss: `workbench sql` without a query lists them'],
  ])('says why %j is none', (query, why) => {
    expect(() => store.sql(query)).toThrowError(expect.objectContaining({ name: 'UserError', message: expect.stringContaining(why) as string }) as Error);
    expect(store.runs()).toHaveLength(1);
  });
});

it('tells a store that is damaged or locked from a query that is not understood', () => {
  const place = mkdtempSync(join(tmpdir(), 'workbench-sql-'));
  try {
    openStore(place).close();
    const other = new Database(databasePath(place));
    other.pragma('journal_mode = DELETE');
    other.exec('BEGIN EXCLUSIVE');
    expect(() => querySql(databasePath(place), 'select name from runs', { patience: 50 })).toThrow(/^the store .* is locked by another program/);
    other.close();
    writeFileSync(databasePath(place), 'no database at all, but a long text. '.repeat(200));
    expect(() => querySql(databasePath(place), 'select name from runs')).toThrow(/^the store .* is damaged/);
  } finally {
    rmSync(place, { recursive: true });
  }
});
