/** One connection to the database file: its settings, its version, and its errors in words. */
import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { UserError, messageOf } from '../util/errors.js';
import { checkedAt, forgetChecked, isLarge, knownDamage, markChecked, timeStamp } from './checked.js';
import { copyFiles } from './copy.js';
import { migrations as allMigrations } from './migrations/index.js';

/** A statement prepared once; named parameters come from the fields of an object. */
export interface Query<Row> {
  all(parameters?: object): Row[];
  first(parameters?: object): Row | undefined;
  /** Row by row; the caller may stop early. */
  each(parameters?: object): IterableIterator<Row>;
  /** The number of rows changed. */
  run(parameters?: object): number;
}

/** The store cannot be used now: what was asked of it was not wrong. */
export class StoreTrouble extends UserError {}

/** The file is not what SQLite has written: it can be kept aside and made anew. */
export class DamagedStore extends StoreTrouble {
  override readonly name = 'DamagedStore';
}

export interface ConnectionOptions {
  readonly migrations?: readonly string[];
  /** Milliseconds to wait for another writer. */
  readonly patience?: number | undefined;
}

export class Connection {
  readonly path: string;
  readonly #db: Database.Database;
  /** The number of the file, by which one that took its place is told. */
  readonly #file: number | undefined;
  readonly #afterwards: (() => void)[] = [];

  /**
   * Opens the file, makes it when there is none, and brings it to the newest version (after a backup beside it).
   * Throws a UserError when it is damaged (DamagedStore), locked, cannot be written, belongs to another user or was
   * written by a newer Workbench; it then changes nothing. The whole of a small file is looked at once a day and after a
   * restart of the machine; of a large one `check` is to be called by somebody for whom nobody waits.
   */
  constructor(path: string, { migrations = allMigrations, patience = 10_000 }: ConnectionOptions = {}) {
    this.path = path;
    refuseForeign(dirname(path));
    this.#db = this.#guard(() => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      return new Database(path, { timeout: patience });
    });
    try {
      this.#guard(() => {
        this.#db.pragma('foreign_keys = ON');
        this.#checkNow();
        this.#migrate(migrations);
        this.#db.pragma('journal_mode = WAL');
        this.#db.pragma('synchronous = NORMAL');
      });
      this.#file = this.#fileNow();
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  prepare<Row>(sql: string): Query<Row> {
    return this.#query(this.#guard(() => this.#db.prepare<[object], Row>(sql)));
  }

  #query<Row>(statement: Database.Statement<[object], Row>): Query<Row> {
    return {
      all: (parameters = {}) => this.#guard(() => statement.all(parameters)),
      first: (parameters = {}) => this.#guard(() => statement.get(parameters)),
      each: (parameters = {}) => this.#guard(() => statement.iterate(parameters)),
      run: (parameters = {}) => this.#guard(() => this.#writing(() => statement.run(parameters).changes)),
    };
  }

  /** The same for a query whose rows are tuples in the order of its columns: with many columns in a third of the time. */
  prepareTuples<Row extends readonly unknown[]>(sql: string): Query<Row> {
    const statement = this.#guard(() => this.#db.prepare<[object], Row>(sql).raw());
    return this.#query(statement);
  }

  get inTransaction(): boolean {
    return this.#db.inTransaction;
  }

  /** Sees the store as it is at the first read, whoever writes meanwhile. */
  snapshot<T>(work: () => T): T {
    return this.#guard(() => (this.inTransaction ? work() : this.#db.transaction(work).deferred()));
  }

  /** All of `work` or nothing; the lock is taken at the start, so that it cannot fail half-way for another writer. */
  transaction<T>(work: () => T): T {
    try {
      return this.#guard(() => this.#writing(() => this.#db.transaction(work).immediate()));
    } finally {
      if (!this.inTransaction) for (const afterwards of this.#afterwards.splice(0)) afterwards();
    }
  }

  /** Does what need not hold the lock when the outermost transaction is over, kept or not; at once where there is none. Must not throw. */
  afterTransaction(work: () => void): void {
    if (this.inTransaction) this.#afterwards.push(work);
    else work();
  }

  pragma(name: string): unknown {
    return this.#guard(() => this.#db.pragma(name, { simple: true }));
  }

  /** What SQLite's own check of the whole file finds wrong. */
  problems(): string[] {
    try {
      const rows = this.#db.pragma('quick_check') as { quick_check: string }[];
      return rows.map((row) => row.quick_check).filter((line) => line !== 'ok');
    } catch (error) {
      if (!tellsDamage(error)) throw inWords(error, this.path);
      return [messageOf(error)];
    }
  }

  close(): void {
    this.#db.close();
  }

  /** Looks at the whole file and keeps what it found, for whoever opens it next; gives what is wrong, null when it is sound. */
  check(): string | null {
    const file = statSync(this.path).ino;
    const problem = this.problems().at(0) ?? null;
    // Another command may have made it anew meanwhile.
    if (statSync(this.path, { throwIfNoEntry: false })?.ino === file) markChecked(this.path, problem ?? '');
    return problem;
  }

  #checkNow(): void {
    const known = knownDamage(this.path);
    const problem = known ?? (isLarge(this.path) || checkedAt(this.path) !== null ? null : this.check());
    if (problem !== null) throw new DamagedStore(damagedSentence(this.path, problem));
  }

  /**
   * Copies the whole store beside itself, as it is now: others read and write meanwhile, and this process does nothing else. Whoever
   * writes through this very connection waits. `label` is part of the copy's name.
   */
  async backUp(label: string): Promise<void> {
    const copy = `${this.path}.${label}.backup`;
    try {
      // All pages in one go: in more than one, a write by another process between them has it begin again.
      await this.#db.backup(`${copy}.tmp`, { progress: ({ remainingPages }) => remainingPages });
      renameSync(`${copy}.tmp`, copy);
    } catch (error) {
      rmSync(`${copy}.tmp`, { force: true });
      throw inWords(error, this.path);
    }
  }

  /** The same in the middle of a transaction, in which nobody else can write. */
  #copyLocked(label: string): void {
    const copy = `${this.path}.${label}.backup`;
    try {
      copyFiles(this.path, `${copy}.tmp`);
      renameSync(`${copy}.tmp`, copy);
    } catch (error) {
      for (const part of ['', '-wal', '-shm']) rmSync(`${copy}.tmp${part}`, { force: true });
      throw error;
    }
  }

  #migrate(migrations: readonly string[]): void {
    if (this.#versionOf(migrations) === migrations.length) return;
    this.#db
      .transaction(() => {
        // Another command may have brought it further before this one had the lock.
        const version = this.#versionOf(migrations);
        if (version > 0 && version < migrations.length) this.#copyLocked(`v${version}-${timeStamp()}`);
        for (const [offset, sql] of migrations.slice(version).entries()) {
          this.#db.exec(sql);
          this.#db.pragma(`user_version = ${version + offset + 1}`);
        }
      })
      .immediate();
  }

  #versionOf(migrations: readonly string[]): number {
    const version = Number(this.#db.pragma('user_version', { simple: true }));
    if (version > migrations.length) {
      throw new UserError(`${this.path} was written by a newer Workbench (version ${version}, this one knows ${migrations.length}): update Workbench, or set WORKBENCH_HOME to another folder`);
    }
    return version;
  }

  /** What is written into a file that was kept aside as damaged would be lost unnoticed. */
  #writing<T>(work: () => T): T {
    const now = this.#db.inTransaction ? this.#file : this.#fileNow();
    if (now !== undefined && now !== this.#file) throw new UserError(`the store ${this.path} was made anew while this program had it open: close this program and start it again`);
    return work();
  }

  #fileNow(): number | undefined {
    return statSync(this.path, { throwIfNoEntry: false })?.ino;
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw inWords(error, this.path);
    }
  }
}

function damagedSentence(path: string, problem: string): string {
  return `the store ${path} is damaged (${problem}): the next command keeps it aside and makes it anew from the newest backup and the folders in runs/, which are not touched`;
}

/** A home is one user's; root may look after any. */
function refuseForeign(home: string): void {
  const owner = statSync(home, { throwIfNoEntry: false })?.uid;
  const user = process.getuid?.();
  if (owner === undefined || user === undefined || user === 0 || owner === user) return;
  throw new UserError(`${home} is the home of another user (number ${owner}): set WORKBENCH_HOME to a folder of your own`);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function tellsDamage(error: unknown): boolean {
  return /^SQLITE_(NOTADB|CORRUPT)/.test(codeOf(error));
}

/** An error of the store as a sentence for its user; any other as it is. */
export function inWords(error: unknown, path: string): unknown {
  const code = codeOf(error);
  const say = (sentence: string): StoreTrouble => new StoreTrouble(`${sentence} (${messageOf(error)})`, { cause: error });
  if (tellsDamage(error)) {
    if (knownDamage(path) === null) forgetChecked(path);
    return new DamagedStore(damagedSentence(path, messageOf(error)), { cause: error });
  }
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return say(`the store ${path} is locked by another program: close what holds it and try again`);
  if (/^(SQLITE_FULL|ENOSPC)/.test(code)) return say(`there is no space left for the store ${path}: free some and try again`);
  if (/^(SQLITE_READONLY|SQLITE_CANTOPEN|SQLITE_PERM|SQLITE_IOERR|EACCES|EPERM|EROFS|ENOTDIR|EEXIST)/.test(code)) {
    return say(`the store ${path} cannot be read and written: mend its permissions, or set WORKBENCH_HOME to another folder`);
  }
  return error;
}
