/** Every run, read once and then kept up to date by what has changed. */
import type { Connection, Query } from './connection.js';
import type { RunRecord } from './rows.js';
import { runQuery } from './run-rows.js';

export class RunList {
  readonly #connection: Connection;
  readonly #all: () => RunRecord[];
  readonly #changed: (parameters: object) => RunRecord[];
  readonly #changedIds: Query<{ id: string }>;
  readonly #newest: Query<{ at: number }>;
  #runs: readonly RunRecord[] | null = null;
  #cursor = 0;

  constructor(connection: Connection) {
    const since = 'WHERE id IN (SELECT id FROM changes WHERE at > @cursor)';
    this.#connection = connection;
    this.#all = runQuery(connection, '', 'ORDER BY key DESC');
    this.#changed = runQuery(connection, since);
    this.#changedIds = connection.prepare('SELECT id FROM changes WHERE at > @cursor');
    this.#newest = connection.prepare('SELECT coalesce(max(at), 0) AS at FROM changes');
  }

  /** Newest first. The same array when nothing has changed, and the same record for each run that has not. */
  read(): readonly RunRecord[] {
    if (this.#connection.inTransaction) return newestFirst(this.#all()); // what is read there may be taken back
    return this.#connection.snapshot(() => {
      const newest = this.#newest.first()!.at;
      if (this.#runs === null) this.#runs = newestFirst(this.#all());
      else if (newest !== this.#cursor) this.#runs = this.#updated(this.#runs);
      this.#cursor = newest;
      return this.#runs;
    });
  }

  #updated(runs: readonly RunRecord[]): readonly RunRecord[] {
    const at = { cursor: this.#cursor };
    const fresh = new Map(this.#changed(at).map((run) => [run.id, run]));
    const gone = new Set(this.#changedIds.all(at).map(({ id }) => id).filter((id) => !fresh.has(id)));
    const kept = runs.filter(({ id }) => !gone.has(id)).map((run) => {
      const newer = fresh.get(run.id);
      fresh.delete(run.id);
      return newer ?? run;
    });
    return fresh.size === 0 ? kept : newestFirst([...fresh.values(), ...kept]);
  }
}

/** Nearly so already: in the order of the file all but those that were adopted are, which is twice as fast to read as the order of the ids. */
function newestFirst(runs: RunRecord[]): RunRecord[] {
  return runs.sort((a, b) => (a.id < b.id ? 1 : -1));
}
