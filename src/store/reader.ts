import { existsSync } from 'node:fs';
import { completed } from '../config/complete.js';
import { nearest } from '../config/nearest.js';
import type { Experiment } from '../config/schema.js';
import type { Measurement } from '../trainer/events.js';
import { UserError } from '../util/errors.js';
import { Connection } from './connection.js';
import type { Query } from './connection.js';
import { databasePath } from './folders.js';
import { RunList } from './run-list.js';
import { runQuery } from './run-rows.js';
import { SearchTables } from './searches.js';
import { describeSql, querySql } from './sql.js';
import type { SqlLimits, SqlResult } from './sql.js';
import { CurveReader } from './curves.js';
import type { HistoryRow, MetricPoint, ProcessIdentity, RunRecord, SampleRow, SearchRecord, SearchState, StoreReader, Stretch, StretchRequest, TrialRun } from './rows.js';

type RunQuery = ReturnType<typeof runQuery>;

type PointRow = { readonly step: number; readonly time: number; readonly seq: number; readonly value: number | null };

/** Reads through a connection it is given; `openReader` gives it one of its own. */
export class Reader implements StoreReader {
  protected readonly connection: Connection;
  protected readonly searchTables: SearchTables;
  readonly #list: RunList;
  readonly #byId: RunQuery;
  readonly #byName: RunQuery;
  readonly #byPrefix: RunQuery;
  readonly #known: Query<{ id: string }>;
  readonly #names: Query<{ id: string; name: string }>;
  protected readonly metricKeys: Query<{ key: number; name: string }>;
  readonly #curve: Query<PointRow>;
  readonly #curveFromEnd: Query<PointRow>;
  readonly #events: Query<{ details: string; step: number }>;
  readonly #samples: Query<{ details: string; step: number }>;
  readonly #history: Query<Omit<HistoryRow, 'details'> & { details: string }>;
  readonly #historySince: Query<Omit<HistoryRow, 'details'> & { details: string; seq: number }>;
  readonly #curves: CurveReader;
  readonly #process: Query<{ pid: number | null; startTime: string; bootId: string; host: string | null; pidNamespace: string | null }>;
  readonly #unclaimed: Query<{ id: string; since: string }>;
  readonly #live: Query<{ id: string }>;
  readonly #queue: Query<{ id: string }>;
  readonly #waiting: Query<{ since: string }>;
  readonly #setting: Query<{ value: number }>;
  readonly #measurements: Query<{ details: string }>;
  readonly #untold: Query<{ id: string }>;
  readonly #preference: Query<{ value: string }>;
  readonly #changes: Query<{ total: number }>;
  readonly #original: Query<{ asked: string }>;
  readonly #originals: Query<{ id: string; asked: string }>;

  constructor(connection: Connection) {
    this.connection = connection;
    this.searchTables = new SearchTables(connection);
    const ofRun = 'run = (SELECT key FROM runs WHERE id = @id)';
    const points = `SELECT step, time, seq, value FROM metrics WHERE ${ofRun} AND key = @key ORDER BY step`;
    this.#list = new RunList(connection);
    this.#byId = runQuery(connection, 'WHERE id = @reference');
    this.#byName = runQuery(connection, 'WHERE name = @reference', 'ORDER BY id DESC LIMIT 1');
    this.#byPrefix = runQuery(connection, "WHERE id >= @reference AND id < @reference || '~'", 'ORDER BY id LIMIT 4');
    this.#known = connection.prepare('SELECT id FROM runs WHERE id = @id');
    this.#names = connection.prepare('SELECT id, name FROM runs ORDER BY id DESC LIMIT 1000');
    this.metricKeys = connection.prepare('SELECT key, name FROM metric_keys ORDER BY key');
    this.#curve = connection.prepare(points);
    this.#curveFromEnd = connection.prepare(`${points} DESC`);
    this.#events = connection.prepare(`SELECT step, details FROM events WHERE ${ofRun} AND type = @type ORDER BY seq`);
    this.#samples = connection.prepare(`SELECT step, details FROM events AS said WHERE ${ofRun} AND type = 'sample'
      AND NOT EXISTS (SELECT 1 FROM events WHERE run = said.run AND type = 'started' AND seq > said.seq AND step < said.step) ORDER BY seq`);
    this.#history = connection.prepare(`SELECT time, type, step, details FROM events WHERE ${ofRun} ORDER BY seq`);
    this.#historySince = connection.prepare(`SELECT seq, time, type, step, details FROM events WHERE ${ofRun} AND seq > @cursor ORDER BY seq`);
    this.#curves = new CurveReader(connection);
    this.#process = connection.prepare('SELECT pid, process_start AS startTime, boot_id AS bootId, host, pid_namespace AS pidNamespace FROM runs WHERE id = @id');
    this.#queue = connection.prepare("SELECT id FROM runs WHERE state = 'queued' AND queue_position IS NOT NULL ORDER BY queue_position");
    this.#unclaimed = connection.prepare("SELECT id, coalesce(queued_at, created_at) AS since FROM runs WHERE state = 'queued' AND queue_position IS NULL");
    this.#live = connection.prepare("SELECT id FROM runs WHERE state IN ('running', 'paused') ORDER BY id");
    this.#waiting = connection.prepare("SELECT coalesce(queued_at, created_at) AS since FROM runs WHERE id = @id AND state = 'queued'");
    this.#setting = connection.prepare('SELECT value FROM settings WHERE name = @name');
    this.#measurements = connection.prepare('SELECT details FROM (SELECT key, details FROM measurements ORDER BY key DESC LIMIT 1000) ORDER BY key');
    this.#untold = connection.prepare("SELECT id FROM runs WHERE announced = 0 AND pid IS NULL AND state IN ('completed', 'stopped', 'failed', 'crashed') ORDER BY id");
    this.#preference = connection.prepare('SELECT value FROM preferences WHERE name = @name');
    this.#original = connection.prepare('SELECT asked FROM runs WHERE id = @id AND asked IS NOT NULL');
    this.#originals = connection.prepare('SELECT id, asked FROM runs WHERE asked IS NOT NULL');
    this.#changes = connection.prepare('SELECT total_changes() AS total');
  }

  runs(): readonly RunRecord[] {
    return this.#list.read();
  }

  has(id: string): boolean {
    return this.#known.first({ id }) !== undefined;
  }

  run(reference: string): RunRecord {
    const record = this.#byId({ reference })[0] ?? this.#byName({ reference })[0] ?? this.#onlyWithPrefix(reference);
    return { ...record, checkpoints: record.checkpoints.filter(({ path }) => existsSync(path)) };
  }

  metrics(runId: string, keys?: readonly string[]): readonly MetricPoint[] {
    return this.metricKeys
      .all()
      .filter(({ name }) => keys?.includes(name) ?? true)
      .flatMap(({ key, name }) => this.#curve.all({ id: runId, key }).map((row) => toPoint(name, row)));
  }

  metricsSince(runId: string, cursor: number): { readonly points: readonly MetricPoint[]; readonly cursor: number } {
    // A step that is written while the keys are read would move the cursor past points that were not seen.
    return this.connection.snapshot(() => {
      const points: MetricPoint[] = [];
      let newest = cursor;
      for (const { key, name } of this.metricKeys.all()) {
        const tail: MetricPoint[] = [];
        for (const row of this.#curveFromEnd.each({ id: runId, key })) {
          if (row.seq <= cursor) break;
          newest = Math.max(newest, row.seq);
          tail.push(toPoint(name, row));
        }
        points.push(...tail.reverse());
      }
      return { points, cursor: newest };
    });
  }

  sketch(runId: string, key: string, points: number): { readonly x: readonly number[]; readonly y: readonly number[] } {
    return this.#curves.sketch(runId, key, points);
  }

  preference(name: string): unknown {
    const found = this.#preference.first({ name });
    return found === undefined ? null : JSON.parse(found.value);
  }

  samples(runId: string): readonly SampleRow[] {
    return this.#samples.all({ id: runId }).map(({ step, details }) => {
      const { prompt, text } = JSON.parse(details) as SampleRow;
      return { step, prompt, text };
    });
  }

  warnings(runId: string): readonly string[] {
    return this.#events.all({ id: runId, type: 'warning' }).map(({ details }) => (JSON.parse(details) as { message: string }).message);
  }

  history(runId: string): readonly HistoryRow[] {
    return this.#history.all({ id: runId }).map((row) => ({ ...row, details: JSON.parse(row.details) as HistoryRow['details'] }));
  }

  historySince(runId: string, cursor: number): { readonly rows: readonly HistoryRow[]; readonly cursor: number } {
    const found = this.#historySince.all({ id: runId, cursor });
    return { rows: found.map(({ time, type, step, details }) => ({ time, type, step, details: JSON.parse(details) as HistoryRow['details'] })), cursor: found.at(-1)?.seq ?? cursor };
  }

  stretches(runId: string, request: StretchRequest): readonly Stretch[] {
    return this.#curves.stretches(runId, request);
  }

  curveKeys(runId: string, prefix: string): readonly string[] {
    return this.#curves.keys(runId, prefix);
  }

  pointCount(runId: string, within: Pick<StretchRequest, 'key' | 'after' | 'to'>): number {
    return this.#curves.pointCount(runId, within);
  }

  stillHolds(runId: string, key: string, stretch: Pick<Stretch, 'last' | 'seq'>): boolean {
    return this.#curves.stillHolds(runId, key, stretch);
  }

  processOf(runId: string): ProcessIdentity | null {
    const row = this.#process.first({ id: runId });
    if (row === undefined || row.pid === null) return null;
    const { pid, startTime, bootId, host, pidNamespace } = row;
    return { pid, startTime, bootId, ...(host === null ? {} : { host }), ...(pidNamespace === null ? {} : { pidNamespace }) };
  }

  queue(): readonly string[] {
    return this.#queue.all().map(({ id }) => id);
  }

  waitingSince(runId: string): string | null {
    return this.#waiting.first({ id: runId })?.since ?? null;
  }

  searches(): readonly SearchRecord[] {
    return this.searchTables.all();
  }

  search(name: string): SearchRecord {
    return this.searchTables.one(name);
  }

  searchStates(): ReadonlyMap<string, SearchState> {
    return this.searchTables.states();
  }

  trialRuns(name: string): ReadonlyMap<number, TrialRun> {
    return this.searchTables.runs(name);
  }

  untoldSearches(): readonly string[] {
    return this.searchTables.untold();
  }

  parallel(): number {
    return this.#setting.first({ name: 'parallel' })?.value ?? 1;
  }

  unclaimed(): readonly { readonly id: string; readonly since: string }[] {
    return this.#unclaimed.all();
  }

  live(): readonly { readonly id: string; readonly process: ProcessIdentity | null }[] {
    return this.#live.all().map(({ id }) => ({ id, process: this.processOf(id) }));
  }

  measurements(): readonly Measurement[] {
    return this.#measurements.all().map(({ details }) => JSON.parse(details) as Measurement);
  }

  untold(): readonly string[] {
    return this.#untold.all().map(({ id }) => id);
  }

  version(): number {
    // SQLite counts the commits of others and the changes of this connection apart; both only grow.
    return Number(this.connection.pragma('data_version')) + (this.#changes.first()?.total ?? 0);
  }

  sql(query: string, limits?: SqlLimits): SqlResult {
    return querySql(this.connection.path, query, limits);
  }

  sqlViews(): ReturnType<typeof describeSql> {
    return describeSql(this.connection.path);
  }

  originals(): ReadonlyMap<string, Experiment> {
    return new Map(this.#originals.all().map(({ id, asked }) => [id, completed(JSON.parse(asked) as object)]));
  }

  original(runId: string): Experiment | null {
    const row = this.#original.first({ id: runId });
    return row === undefined ? null : completed(JSON.parse(row.asked) as object);
  }

  damage(): readonly string[] {
    return this.connection.problems();
  }

  close(): void {
    this.connection.close();
  }

  #onlyWithPrefix(reference: string): RunRecord {
    const found = reference === '' ? [] : this.#byPrefix({ reference });
    if (found.length === 1) return found[0];
    if (found.length > 1) throw new UserError(`several runs begin with "${reference}" (${found.map(({ id, name }) => `${id} ${name}`).join(', ')}): give more of the id`);
    const known = this.#names.all();
    const near = nearest(reference, known.flatMap(({ id, name }) => [name, id]));
    const hint = near !== null ? `did you mean "${near}"?` : known.length > 0 ? `\`workbench runs\` lists them; the newest is ${known[0].id} (${known[0].name})` : 'there are none yet';
    throw new UserError(`there is no run "${reference}": ${hint}`);
  }
}

/** The store for reading; the file is made when there is none. Throws as `openStore` does. */
export function openReader(home: string): StoreReader {
  const connection = new Connection(databasePath(home));
  connection.pragma('query_only = ON');
  return new Reader(connection);
}

function toPoint(key: string, row: PointRow): MetricPoint {
  return { step: row.step, time: new Date(row.time).toISOString(), key, value: row.value ?? NaN };
}
