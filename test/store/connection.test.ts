import { chmodSync, closeSync, copyFileSync, existsSync, mkdtempSync, openSync, readFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import { Connection } from '../../src/store/connection.js';
import { migrations } from '../../src/store/migrations/index.js';
import { openReader, openStore } from '../../src/store/store.js';
import { pendingUpgrade } from '../../src/store/upgrade.js';
import { UserError } from '../../src/util/errors.js';

const config = parseExperiment({ model: 'm', dataset: { path: 'd.jsonl' } });
let home: string;
let path: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'workbench-store-'));
  path = join(home, 'workbench.db');
});
afterEach(() => { rmSync(home, { recursive: true }); });

function refusal(open: () => { close(): void }): string {
  try {
    open().close();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message;
  }
  throw new Error('it was opened');
}

it('makes home and file, for their owner alone', () => {
  const inner = join(home, 'a', 'b');
  openReader(inner).close();
  expect(statSync(inner).mode & 0o777).toBe(0o700);
  expect(readdirSync(inner)).toContain('workbench.db');
});

it('opens again with all that was written', () => {
  const store = openStore(home);
  const { id } = store.createRun({ name: 'kept', config });
  store.close();
  const again = openStore(home);
  expect(again.run(id).name).toBe('kept');
  again.close();
});

it('tells from the events of older runs how long they worked', () => {
  const before = new Connection(path, { migrations: migrations.slice(0, 6) });
  const at = (second: number) => new Date(Date.UTC(2026, 0, 1) + 1000 * second).toISOString();
  const insert = (id: string, state: string, [begin, end]: readonly [number, number | null]) => {
    before.prepare("INSERT INTO runs (id, name, state, created_at, started_at, ended_at, config) VALUES (@id, @id, @state, @time, @begin, @end, '{}')")
      .run({ id, state, time: at(0), begin: at(begin), end: end === null ? null : at(end) });
    return before.prepare<{ key: number }>('SELECT key FROM runs WHERE id = @id').first({ id })!.key;
  };
  const say = (run: number, ...events: readonly (readonly [seq: number, type: string, second: number])[]) => {
    for (const [seq, type, second] of events) before.prepare("INSERT INTO events (run, type, seq, time, details) VALUES (@run, @type, @seq, @time, '{}')").run({ run, type, seq, time: at(second) });
  };
  const point = (run: number, seq: number, second: number) => before.prepare("INSERT INTO metrics (run, key, step, seq, time, value) VALUES (@run, 1, @seq, @seq, @time, 1)").run({ run, seq, time: Date.parse(at(second)) });
  before.prepare("INSERT INTO metric_keys (key, name) VALUES (1, 'loss')").run();
  say(insert('once', 'completed', [10, 40]), [1, 'warning', 12], [2, 'started', 20], [3, 'completed', 40]);
  const resumed = insert('resumed', 'completed', [10, 1_000_000]);
  say(resumed, [1, 'started', 20], [4, 'control', 900], [5, 'started', 999_900], [6, 'paused', 999_950], [7, 'resumed', 999_970], [9, 'completed', 1_000_000]);
  point(resumed, 2, 60);
  point(resumed, 3, 110); // the last that its first part said
  const crashed = insert('crashed', 'crashed', [0, 80_000]);
  say(crashed, [1, 'started', 5]);
  point(crashed, 2, 30);
  const dead = insert('dead', 'running', [0, null]); // long, and nobody has looked since
  say(dead, [1, 'started', 5]);
  point(dead, 2, 40);
  insert('adopted', 'stopped', [0, 50]);
  before.prepare("INSERT INTO runs (id, name, state, created_at, config) VALUES ('new', 'new', 'queued', @time, '{}')").run({ time: at(0) });
  before.close();

  const migrated = new Connection(path);
  const worked = migrated.prepare<{ id: string; seconds: number | null }>('SELECT id, round(worked_seconds, 3) AS seconds FROM runs').all();
  expect(migrated.prepare('SELECT id, working_since FROM runs WHERE working_since IS NOT NULL').all()).toEqual([{ id: 'dead', working_since: at(40) }]);
  expect(Object.fromEntries(worked.map(({ id, seconds }) => [id, seconds]))).toEqual({ once: 30, resumed: 100 + 50 + 30, crashed: 30, dead: 40, adopted: 50, new: null });
});

it('backs up before it migrates, and keeps every row', () => {
  const store = openStore(home);
  const { id } = store.createRun({ name: 'old', config });
  store.close();
  const next = [...migrations, "ALTER TABLE runs ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue'"];
  const connection = new Connection(path, { migrations: next });
  expect(connection.prepare('SELECT id, colour FROM runs').all()).toEqual([{ id, colour: 'blue' }]);
  expect(connection.pragma('user_version')).toBe(migrations.length + 1);
  connection.close();
  const [backup] = readdirSync(home).filter((name) => name.endsWith('.backup'));
  const copy = new Database(join(home, backup), { readonly: true });
  expect(copy.pragma('user_version', { simple: true })).toBe(migrations.length);
  expect(copy.prepare('SELECT id FROM runs').all()).toEqual([{ id }]);
  copy.close();
});

it('backs up what is still in the log too, and neither the copy nor the migration takes the store from those who have it open', () => {
  const store = openStore(home);
  const { id } = store.createRun({ name: 'in the log', config });
  expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
  const connection = new Connection(path, { migrations: [...migrations, 'CREATE TABLE later (x)'] });
  const [backup] = readdirSync(home).filter((name) => name.includes('.backup'));
  const copy = new Database(join(home, backup), { readonly: true });
  expect(copy.prepare('SELECT id FROM runs').all()).toEqual([{ id }]);
  expect(copy.pragma('integrity_check', { simple: true })).toBe('ok');
  copy.close();
  expect(readdirSync(home).filter((name) => name.includes('.tmp'))).toEqual([]);
  // Whoever closes believes to be the last one where the locks of the others are gone, and takes the log away.
  store.close();
  expect(existsSync(`${path}-wal`)).toBe(true);
  connection.close();
  expect(existsSync(`${path}-wal`)).toBe(false);
});

it('knows beforehand that a large one of an earlier version is going to be copied', () => {
  expect(pendingUpgrade(home)).toBeNull();
  openStore(home).close();
  const db = new Database(path);
  db.exec("CREATE TABLE heavy (x); INSERT INTO heavy VALUES (zeroblob(17 << 20))");
  db.pragma('wal_checkpoint(TRUNCATE)');
  expect(pendingUpgrade(home)).toBeNull();
  db.pragma('user_version = 1');
  db.close();
  expect(pendingUpgrade(home)).toBe(statSync(path).size);
});

it('does not count a migration twice that another command has made before it had the lock', () => {
  openStore(home).close();
  const next = [...migrations, 'CREATE TABLE one (x)', 'CREATE TABLE two (x)'];
  let raced = false;
  const meanwhile = new Proxy(next, {
    get(target, key) {
      if (key === 'length' && !raced) {
        raced = true;
        new Connection(path, { migrations: next.slice(0, -1) }).close();
      }
      return Reflect.get(target, key) as unknown;
    },
  });
  new Connection(path, { migrations: meanwhile }).close();
  const connection = new Connection(path, { migrations: next }); // nothing is left to do
  expect(connection.pragma('user_version')).toBe(next.length);
  connection.close();
});

it('takes away what a killed copy has left, and leaves alone what may still be written', async () => {
  const store = openStore(home);
  for (const name of ['old', 'young']) writeFileSync(`${path}.${name}.backup.tmp`, 'half');
  const before = new Date(Date.now() - 2 * 3600_000);
  utimesSync(`${path}.old.backup.tmp`, before, before);
  await store.backUpDaily();
  store.close();
  expect(readdirSync(home).filter((name) => name.endsWith('.tmp'))).toEqual(['workbench.db.young.backup.tmp']);
});

it('leaves everything as it was when a migration fails', () => {
  openStore(home).close();
  expect(() => new Connection(path, { migrations: [...migrations, 'ALTER TABLE runs ADD COLUMN x TEXT; SELECT nonsense;'] })).toThrow(/nonsense/);
  const connection = new Connection(path);
  expect(connection.pragma('user_version')).toBe(migrations.length);
  expect(connection.prepare("SELECT name FROM pragma_table_info('runs') WHERE name = 'x'").all()).toEqual([]);
  connection.close();
});

it('refuses a store of a newer version and does not touch it', () => {
  new Connection(path, { migrations: [...migrations, 'CREATE TABLE later (x)'] }).close();
  const before = readFileSync(path);
  expect(refusal(() => openStore(home))).toContain(`was written by a newer Workbench (version ${migrations.length + 1}, this one knows ${migrations.length}): update Workbench`);
  expect(readFileSync(path)).toEqual(before);
});

it('refuses a file that is no database and does not touch it', () => {
  writeFileSync(path, 'these are the notes of somebody, and no database at all'.repeat(100));
  const before = readFileSync(path);
  expect(refusal(() => openStore(home))).toMatch(/is damaged .*: the next command keeps it aside and makes it anew/);
  expect(readFileSync(path)).toEqual(before);
});

it('says that a page is damaged when it is read', () => {
  const store = openStore(home);
  for (let i = 0; i < 300; i++) store.createRun({ name: `run ${i}`, config });
  store.close();
  const file = openSync(path, 'r+');
  for (let page = 50; page < 90; page++) writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096);
  closeSync(file);
  const reader = openReader(home);
  expect(refusal(() => { reader.runs(); return reader; })).toMatch(/is damaged/);
  expect(reader.damage().length).toBeGreaterThan(0);
  reader.close();
});

it('waits for another writer, then says that it is locked', () => {
  openStore(home).close();
  const other = new Database(path);
  other.exec('BEGIN EXCLUSIVE');
  const connection = new Connection(path, { patience: 50 });
  expect(refusal(() => { connection.transaction(() => 0); return connection; })).toMatch(/is locked by another program/);
  other.exec('ROLLBACK');
  expect(connection.transaction(() => 1)).toBe(1);
  connection.close();
  other.close();
});

it('writes nothing into a file that was kept aside', () => {
  const store = openStore(home);
  const { id } = store.createRun({ name: 'open', config });
  renameSync(path, `${path}.damaged-1`);
  copyFileSync(`${path}.damaged-1`, path);
  expect(() => { store.note(id, 'lost'); }).toThrow(/was made anew while this program had it open: close this program and start it again/);
  expect(() => store.createRun({ name: 'lost', config })).toThrow(UserError);
  expect(store.run(id).note).toBe('');
  store.close();
});

it('says that a folder cannot be written', () => {
  writeFileSync(join(home, 'file'), '');
  expect(refusal(() => openStore(join(home, 'file')))).toMatch(/cannot be read and written: mend its permissions, or set WORKBENCH_HOME/);
  if (process.getuid?.() === 0) return; // root may write everywhere
  chmodSync(home, 0o500);
  expect(refusal(() => openStore(home))).toMatch(/cannot be read and written/);
  chmodSync(home, 0o700);
});

it('has a search that an older version had stopped go on with its trials, and tells of no end a second time', () => {
  const before = new Connection(path, { migrations: migrations.slice(0, 9) });
  const insert = "INSERT INTO searches (key, name, state, created_at, plan) VALUES (1, 'halted', 'stopped', '', '{}'), (2, 'over', 'completed', '', '{}')";
  before.prepare(insert).run();
  before.prepare("INSERT INTO trials (search, number, name, parameters, lost) VALUES (1, 1, 'a', '{}', NULL), (1, 2, 'b', '{}', 'x'), (2, 1, 'c', '{}', NULL)").run();
  before.close();
  const migrated = new Connection(path);
  expect(migrated.prepare('SELECT name FROM trials WHERE halted = 1').all()).toEqual([{ name: 'a' }]);
  expect(migrated.prepare('SELECT name FROM searches WHERE announced = 1').all()).toEqual([{ name: 'over' }]);
  migrated.close();
});
