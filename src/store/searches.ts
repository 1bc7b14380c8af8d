/** The tables of searches: statements, and rows as records. */
import { nearest } from '../config/nearest.js';
import { UserError } from '../util/errors.js';
import type { Connection } from './connection.js';
import type { TrialRun } from './rows.js';
import type { SearchRecord, SearchState, TrialChange, TrialRecord } from './search-rows.js';

interface SearchRow extends Omit<SearchRecord, 'plan' | 'trials'> {
  readonly key: number;
  readonly plan: string;
}

interface TrialRow extends Omit<TrialRecord, 'parameters' | 'measured'> {
  readonly parameters: string;
  readonly measured: string;
}

interface TrialRunRow extends Omit<TrialRun, 'halted'> {
  readonly number: number;
  readonly halted: number;
}

export interface NewTrial extends Pick<TrialRecord, 'number' | 'name' | 'parameters'> {
  readonly run: string;
}

/** Writes within the transactions of its caller. */
export class SearchTables {
  readonly #connection: Connection;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#sql = prepare(connection);
  }

  /** Newest first. */
  all(): SearchRecord[] {
    return this.#connection.snapshot(() => this.#sql.all.all().map((row) => this.#record(row)));
  }

  /** Throws a UserError, naming a near one, when there is none of this name. */
  one(name: string): SearchRecord {
    return this.#connection.snapshot(() => {
      const row = this.#sql.byName.first({ name });
      if (row !== undefined) return this.#record(row);
      const known = [...this.states().keys()];
      const near = nearest(name, known);
      const hint = near !== null ? `did you mean "${near}"?` : known.length > 0 ? '`workbench search list` has them' : 'there are none yet; begin one with: workbench search experiments/search.yaml';
      throw new UserError(`there is no search "${name}": ${hint}`);
    });
  }

  /** Newest first. */
  states(): Map<string, SearchState> {
    return new Map(this.#sql.states.all().map(({ name, state }) => [name, state]));
  }

  untold(): string[] {
    return this.#sql.untold.all().map(({ name }) => name);
  }

  runs(name: string): Map<number, TrialRun> {
    return new Map(this.#sql.runs.all({ name }).map(({ number, halted, ...run }) => [number, { ...run, halted: halted === 1 }]));
  }

  insert({ name, plan, created_at }: Pick<SearchRecord, 'name' | 'plan' | 'created_at'>, trials: readonly NewTrial[]): void {
    this.#sql.insert.run({ name, created_at, plan: JSON.stringify(plan) });
    for (const trial of trials) this.#sql.insertTrial.run({ ...trial, search: name, parameters: JSON.stringify(trial.parameters) });
  }

  change(name: string, { number, rung, lost, measured, halted }: TrialChange): void {
    this.#sql.changeTrial.run({ name, number, rung: rung ?? null, lost: lost ?? null, measured: measured === undefined ? null : JSON.stringify(measured), halted: halted === undefined ? null : 0 });
  }

  /** False when it is not in state `from`. */
  setState(name: string, { state, from, reason }: { readonly state: SearchState; readonly from: SearchState; readonly reason: string | null }): boolean {
    const isSet = this.#sql.setState.run({ name, state, from, reason, time: state === 'running' ? null : new Date().toISOString() }) === 1;
    if (isSet && state === 'stopped') this.#sql.halt.run({ name });
    return isSet;
  }

  takeEnd(name: string): boolean {
    return this.#sql.takeEnd.run({ name }) === 1;
  }

  /** Nobody would know any more whose stops those of its trials are: they have none then. */
  remove(name: string): void {
    this.#sql.freeTrials.run({ name });
    this.#sql.remove.run({ name });
  }

  #record({ key, plan, ...row }: SearchRow): SearchRecord {
    const trials = this.#sql.trials.all({ key }).map(({ parameters, measured, ...trial }): TrialRecord => ({
      ...trial,
      parameters: JSON.parse(parameters) as TrialRecord['parameters'],
      measured: JSON.parse(measured) as TrialRecord['measured'],
    }));
    return { ...row, plan: JSON.parse(plan) as SearchRecord['plan'], trials };
  }
}

function prepare(connection: Connection) {
  const columns = 'SELECT key, name, state, reason, created_at, ended_at, plan FROM searches';
  const write = (sql: string) => connection.prepare<never>(sql);
  return {
    all: connection.prepare<SearchRow>(`${columns} ORDER BY key DESC`),
    byName: connection.prepare<SearchRow>(`${columns} WHERE name = @name`),
    trials: connection.prepare<TrialRow>(`SELECT number, runs.id AS run, trials.name, parameters, rung, lost, measured
      FROM trials LEFT JOIN runs ON runs.key = trials.run WHERE search = @key ORDER BY number`),
    states: connection.prepare<{ name: string; state: SearchState }>('SELECT name, state FROM searches ORDER BY key DESC'),
    untold: connection.prepare<{ name: string }>("SELECT name FROM searches WHERE announced = 0 AND state IN ('completed', 'failed') ORDER BY key"),
    runs: connection.prepare<TrialRunRow>(`SELECT number, halted, runs.id, runs.state, runs.reason, step
      FROM searches JOIN trials ON trials.search = searches.key JOIN runs ON runs.key = trials.run WHERE searches.name = @name`),
    insert: write("INSERT INTO searches (name, state, created_at, plan) VALUES (@name, 'running', @created_at, @plan)"),
    insertTrial: write(`INSERT INTO trials (search, number, run, name, parameters)
      VALUES ((SELECT key FROM searches WHERE name = @search), @number, (SELECT key FROM runs WHERE id = @run), @name, @parameters)`),
    changeTrial: write(`UPDATE trials SET rung = coalesce(@rung, rung), lost = coalesce(@lost, lost), measured = coalesce(@measured, measured), halted = coalesce(@halted, halted)
      WHERE search = (SELECT key FROM searches WHERE name = @name) AND number = @number`),
    setState: write('UPDATE searches SET state = @state, reason = @reason, ended_at = @time WHERE name = @name AND state = @from'),
    halt: write('UPDATE trials SET halted = 1 WHERE lost IS NULL AND search = (SELECT key FROM searches WHERE name = @name)'),
    takeEnd: write("UPDATE searches SET announced = 1 WHERE name = @name AND announced = 0 AND state IN ('completed', 'failed')"),
    freeTrials: write(`UPDATE runs SET config = json_set(config, '$.train.stop_at', NULL)
      WHERE key IN (SELECT run FROM trials WHERE search = (SELECT key FROM searches WHERE name = @name))`),
    remove: write('DELETE FROM searches WHERE name = @name'),
  };
}
