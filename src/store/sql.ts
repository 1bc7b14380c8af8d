/** Questions of one's own to the store, in SQL: over views that stay when the tables below them change. */
import Database from 'better-sqlite3';
import { UserError, messageOf } from '../util/errors.js';
import { inWords as storeInWords } from './connection.js';

export type SqlValue = string | number | null;

export interface SqlResult {
  readonly columns: readonly string[];
  /** In the order of `columns`; a BLOB as hexadecimal text. */
  readonly rows: readonly (readonly SqlValue[])[];
  /** There were more rows, or it took too long to read them. */
  readonly cut: boolean;
}

export interface SqlLimits {
  readonly rows?: number;
  /** After which no further row is read. A single step that takes longer, such as a sum over everything, is not cut short. */
  readonly milliseconds?: number;
  /** Milliseconds to wait for another program's lock; else SQLite's binding decides. */
  readonly patience?: number;
}

/** What a view tells, and how its columns are made. */
interface View {
  readonly tells: string;
  readonly select: string;
}

const runColumns =
  `id, name, state, reason, created_at, started_at, ended_at, worked_seconds, config ->> '$.model' AS model, config ->> '$.dataset.path' AS dataset, engine,
   step, total_steps, epoch, tokens_seen, tokens_per_second, train_loss, eval_loss, perplexity, best_eval_loss, accuracy,
   trainable_parameters, total_parameters, peak_memory_bytes, estimated_memory_bytes, resumed_from, parent, output, note, archived,
   (SELECT group_concat(tag, ' ') FROM main.tags WHERE run = runs.key) AS tags, config`;

/** Every view by name. They shadow the tables, whose form may change from version to version. */
export const sqlViews: Readonly<Record<string, View>> = {
  runs: { tells: 'a row a run; config is JSON: config ->> \'$.lora.r\'', select: `SELECT ${runColumns} FROM main.runs` },
  metrics: {
    tells: 'a row a point of a curve: name is loss, eval_loss, learning_rate, grad_norm, …; time in milliseconds since 1970; a value that was not a number is NULL',
    select: `SELECT runs.id AS run, metric_keys.name AS name, metrics.step, metrics.time, metrics.value
      FROM main.metrics JOIN main.runs ON runs.key = metrics.run JOIN main.metric_keys ON metric_keys.key = metrics.key`,
  },
  settings: {
    tells: 'a row a run and key of its configuration, such as train.learning_rate',
    select: "SELECT runs.id AS run, substr(fullkey, 3) AS key, atom AS value FROM main.runs, json_tree(runs.config) WHERE json_tree.type NOT IN ('object', 'array')",
  },
  tags: { tells: 'a row a run and tag', select: 'SELECT runs.id AS run, tag FROM main.tags JOIN main.runs ON runs.key = tags.run' },
  checkpoints: { tells: 'a row a checkpoint', select: 'SELECT runs.id AS run, checkpoints.step, path, bytes FROM main.checkpoints JOIN main.runs ON runs.key = checkpoints.run' },
  trials: {
    tells: 'a row a trial of a search; parameters is JSON, and so is measured: the metric at each rung it has reached',
    select: `SELECT searches.name AS search, number, runs.id AS run, trials.name, parameters, rung, lost, measured
      FROM main.trials JOIN main.searches ON searches.key = trials.search LEFT JOIN main.runs ON runs.key = trials.run`,
  },
  events: {
    tells: 'what happened besides the numbers: type is sample, warning, checkpoint, control, …; details is JSON',
    select: 'SELECT runs.id AS run, events.type, events.step, events.time, events.details FROM main.events JOIN main.runs ON runs.key = events.run',
  },
};

/**
 * Answers one query on a connection of its own that cannot write. Throws a UserError where it is no query, is not
 * understood, or would change something.
 */
export function querySql(path: string, sql: string, { rows: most = Infinity, milliseconds = Infinity, patience }: SqlLimits = {}): SqlResult {
  return reading(path, patience, (db) => {
    const statement = prepared(db, sql);
    const deadline = performance.now() + milliseconds;
    const rows: SqlValue[][] = [];
    for (const row of statement.iterate() as IterableIterator<unknown[]>) {
      if (rows.length >= most || performance.now() > deadline) return { columns: names(statement), rows, cut: true };
      rows.push(row.map(plain));
    }
    return { columns: names(statement), rows, cut: false };
  });
}

/** The views with their columns, for help and completion. */
export function describeSql(path: string): { readonly name: string; readonly tells: string; readonly columns: readonly string[] }[] {
  return reading(path, undefined, (db) => Object.entries(sqlViews).map(([name, { tells }]) => ({ name, tells, columns: names(db.prepare(`SELECT * FROM ${name}`)) })));
}

function reading<T>(path: string, patience: number | undefined, work: (db: Database.Database) => T): T {
  let db: Database.Database | null = null;
  try {
    db = new Database(path, { readonly: true, fileMustExist: true, ...(patience === undefined ? {} : { timeout: patience }) });
    for (const [name, { select }] of Object.entries(sqlViews)) db.exec(`CREATE TEMP VIEW ${name} AS ${select}`);
    return work(db);
  } catch (error) {
    throw inWords(error, path);
  } finally {
    db?.close();
  }
}

const onlyQuestions = 'only questions can be asked here (SELECT …, WITH …): the store is changed by its commands, such as `workbench tag`';

function prepared(db: Database.Database, sql: string): Database.Statement {
  const statement = db.prepare(sql);
  if (!statement.reader || !statement.readonly) throw new UserError(onlyQuestions);
  return statement.raw();
}

function names(statement: Database.Statement): string[] {
  return statement.columns().map(({ name }) => name);
}

function plain(value: unknown): SqlValue {
  return value === null || typeof value === 'string' || typeof value === 'number' ? value : Buffer.isBuffer(value) ? value.toString('hex') : String(value);
}

function inWords(error: unknown, path: string): unknown {
  if (error instanceof UserError) return error;
  // Whatever is not wrong with the query is wrong with the store: damaged, locked, not to be read.
  const ofStore = storeInWords(error, path);
  if (ofStore !== error) return ofStore;
  const message = messageOf(error);
  if (error instanceof RangeError) return new UserError(/more than one/.test(message) ? 'one query at a time: leave out what is after the semicolon' : 'there is no query: give one, such as select name, eval_loss from runs', { cause: error });
  if (!(error instanceof Database.SqliteError)) return error;
  if (/cannot modify/.test(message)) return new UserError(onlyQuestions, { cause: error });
  const hint = /no such table/.test(message) ? `: there are ${Object.keys(sqlViews).join(', ')}` : /no such column/.test(message) ? ': `workbench sql` without a query lists them' : '';
  return new UserError(`the query is not understood: ${message}${hint}`, { cause: error });
}
