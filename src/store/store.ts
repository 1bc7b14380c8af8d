import { existsSync, rmSync } from 'node:fs';
import { isPrintable } from '../config/schema.js';
import type { Experiment } from '../config/schema.js';
import type { Request, TrainEvent } from '../trainer/events.js';
import { UserError } from '../util/errors.js';
import { backUpDaily } from './backup.js';
import { Connection } from './connection.js';
import type { AdoptedRun, BranchOptions, NewSearch, Store } from './contract.js';
import { databasePath, runFolder } from './folders.js';
import { makeRunId } from './ids.js';
import { Reader } from './reader.js';
import { pointsOf } from './recording.js';
import { isUnended } from './rows.js';
import type { BegunState, ProcessIdentity, RunRecord, RunState, SearchRecord, SearchState, TrialChange } from './rows.js';
import { prepareStatements } from './statements.js';
import type { Statements } from './statements.js';

export type { AdoptedRun, BranchOptions, NewSearch, Store } from './contract.js';
export { DamagedStore, StoreTrouble } from './connection.js';
export { openReader } from './reader.js';

/**
 * Opens the store of a home folder, making both when there are none. Throws a UserError when it cannot be used, now
 * or later: when another writer holds it for longer than `patience` milliseconds, or the disk is full.
 */
export function openStore(home: string, patience?: number): Store {
  return new SqliteStore(home, patience);
}

type KeptEvent = TrainEvent | { readonly type: 'control'; readonly control: Request | 'kill' };

class SqliteStore extends Reader implements Store {
  readonly #home: string;
  readonly #sql: Statements;

  constructor(home: string, patience?: number) {
    const connection = new Connection(databasePath(home), { patience });
    super(connection);
    this.#home = home;
    this.#sql = prepareStatements(connection);
  }

  transaction<T>(work: () => T): T {
    return this.connection.transaction(work);
  }

  afterTransaction(work: () => void): void {
    this.connection.afterTransaction(work);
  }

  createRun({ name, config, parent }: { readonly name: string; readonly config: Experiment; readonly parent?: string }): RunRecord {
    const now = Date.now();
    const row = { name, config: JSON.stringify(config), parent: parent ?? null, created_at: new Date(now).toISOString() };
    return this.connection.transaction(() => {
      const id = makeRunId(now, this.#sql.newestId.first()?.id ?? null);
      this.#sql.insertRun.run({ ...row, id });
      return this.run(id);
    });
  }

  branchRun({ step, ...run }: BranchOptions, prepare?: (id: string) => void): RunRecord {
    return this.connection.transaction(() => {
      const { id } = this.createRun(run);
      this.#sql.inheritPoints.run({ id, parent: run.parent, step });
      this.#sql.inheritSeq.run({ id, parent: run.parent });
      prepare?.(id);
      return this.run(id);
    });
  }

  adoptRun({ id, name, created_at, config, state, reason, points, last }: AdoptedRun): void {
    this.connection.transaction(() => {
      const known = this.#sql.known.first({ id });
      if (known === undefined) this.#sql.insertRun.run({ id, name, created_at, config: JSON.stringify(config), parent: null });
      const { run, seq } = this.#advance(id);
      for (const { step, time, key, value } of points) this.#sql.insertPoint.run({ run, key: this.#keyOf(key), step, seq, time: Date.parse(time), value });
      // One that was queued again after that end keeps its place in line.
      const waits = known?.state === 'queued' && !(state !== 'crashed' && last?.ended_at != null && last.ended_at > known.since);
      if (last !== null) this.#sql.adoptFigures.run({ id, ...last, ended_at: waits ? null : last.ended_at });
      // A folder that does not tell the end of a run knows less than the record does.
      if (known === undefined || (state !== 'crashed' && !waits)) this.setState(id, state, reason);
    });
  }

  requeue(runId: string, config: Experiment): boolean {
    return this.#sql.requeue.run({ id: runId, config: JSON.stringify(config), time: new Date().toISOString() }) === 1;
  }

  record(runId: string, event: TrainEvent, time: string): void {
    this.connection.transaction(() => {
      const { run, seq } = this.#advance(runId);
      this.#sql.changeRun[event.type].run({ ...event, ...(event.type === 'completed' ? { reason: event.reason ?? null } : {}), ...(event.type === 'changed' ? { patch: JSON.stringify({ train: event.changes }) } : {}), time, run });
      const points = pointsOf(event);
      for (const { step, key, value } of points) this.#sql.insertPoint.run({ run, key: this.#keyOf(key), step, seq, time: Date.parse(time), value });
      if (event.type === 'started' || event.type === 'resumed') for (const { key } of this.metricKeys.all()) this.#sql.supersede.run({ run, key, step: event.step });
      if (event.type === 'completed' && event.measurement) this.#sql.insertMeasurement.run({ time, details: JSON.stringify(event.measurement) });
      if (event.type === 'checkpoint') this.#keepCheckpoint(run, event);
      if (event.type === 'preparing' || event.type === 'started') this.#sql.forgetPreparing.run({ run }); // only the latest is news
      if (points.length === 0) this.#keepEvent({ run, seq, event, time });
    });
  }

  recordControl(runId: string, control: Request | 'kill', time: string): void {
    this.connection.transaction(() => this.#keepEvent({ ...this.#advance(runId), event: { type: 'control', control }, time }));
  }

  setState(runId: string, state: BegunState, reason: string | null, from?: RunState): void {
    this.#sql.setState.run({ id: runId, state, reason, from: from ?? null, time: new Date().toISOString() });
  }

  takeEnd(runId: string): boolean {
    return this.#sql.takeEnd.run({ id: runId }) === 1;
  }

  clearProcess(runId: string, { pid, startTime, bootId }: ProcessIdentity): boolean {
    return this.#sql.clearProcess.run({ id: runId, pid, startTime, bootId }) === 1;
  }

  enqueue(runId: string): boolean {
    return this.#sql.enqueue.run({ id: runId }) === 1;
  }

  enqueueFirst(runId: string): void {
    if (this.#sql.enqueueFirst.run({ id: runId }) === 0) throw this.#notInQueue(runId);
  }

  moveInQueue(runId: string, place: number): void {
    this.connection.transaction(() => {
      const waiting = this.queue();
      if (!waiting.includes(runId)) throw this.#notInQueue(runId);
      const order = waiting.filter((id) => id !== runId).toSpliced(place - 1, 0, runId);
      for (const [index, id] of order.entries()) this.#sql.setPosition.run({ id, position: index + 1 });
    });
  }

  setParallel(runs: number): void {
    this.#sql.setSetting.run({ name: 'parallel', value: runs });
  }

  createSearch({ name, plan, trials }: NewSearch, prepare?: (run: RunRecord) => void): SearchRecord {
    return this.connection.transaction(() => {
      if (this.searchStates().has(name)) throw new UserError(`there is a search "${name}" already: give this one another name (--name), or take that one away (workbench search rm ${name})`);
      const made = trials.map((trial, i) => {
        const run = this.createRun(trial);
        this.tag(run.id, { add: [name] });
        prepare?.(run);
        this.enqueue(run.id);
        return { ...trial, number: i + 1, run: run.id };
      });
      this.searchTables.insert({ name, plan, created_at: new Date().toISOString() }, made);
      return this.search(name);
    });
  }

  changeTrials(name: string, changes: readonly TrialChange[]): boolean {
    return this.connection.transaction(() => {
      if (this.searchStates().get(name) !== 'running') return false;
      for (const change of changes) this.searchTables.change(name, change);
      return true;
    });
  }

  setSearchState(name: string, change: { readonly state: SearchState; readonly from: SearchState; readonly reason: string | null }): boolean {
    return this.connection.transaction(() => this.searchTables.setState(name, change));
  }

  removeSearch(name: string): void {
    this.connection.transaction(() => this.searchTables.remove(name));
  }

  takeSearchEnd(name: string): boolean {
    return this.searchTables.takeEnd(name);
  }

  setPreference(name: string, value: unknown): void {
    this.#sql.setPreference.run({ name, value: JSON.stringify(value) });
  }

  claim(runId: string, process: ProcessIdentity): boolean {
    return this.#sql.claim.run({ id: runId, host: null, pidNamespace: null, ...process, time: new Date().toISOString() }) === 1;
  }

  cancel(runId: string, reason: string): boolean {
    return this.#sql.cancel.run({ id: runId, reason, time: new Date().toISOString() }) === 1;
  }

  rename(runId: string, name: string): void {
    if (name.trim() === '') throw new UserError('a run needs a name: give at least one letter');
    if (!isPrintable(name)) throw new UserError('the name has control characters, such as line ends: leave them out');
    this.#sql.setName.run({ id: runId, value: name.trim() });
  }

  tag(runId: string, { add = [], remove = [] }: { readonly add?: readonly string[]; readonly remove?: readonly string[] }): void {
    this.connection.transaction(() => {
      for (const tag of add) this.#sql.addTag.run({ id: runId, tag });
      for (const tag of remove) this.#sql.removeTag.run({ id: runId, tag });
    });
  }

  note(runId: string, text: string): void {
    this.#sql.setNote.run({ id: runId, value: text });
  }

  archive(runId: string, archived: boolean): void {
    this.#sql.setArchived.run({ id: runId, value: archived ? 1 : 0 });
  }

  check(): string | null {
    return this.connection.check();
  }

  backUpDaily(): Promise<void> {
    return backUpDaily(this.connection, this.#home);
  }

  remove(runId: string): void {
    this.connection.transaction(() => {
      const { state, name } = this.run(runId);
      if (isUnended({ state })) throw new UserError(`the run "${name}" (${runId}) is ${state}: stop it first`);
      this.#sql.remove.run({ id: runId });
    });
    rmSync(runFolder(this.#home, runId), { recursive: true, force: true });
  }

  #notInQueue(runId: string): UserError {
    const { name, state } = this.run(runId);
    return new UserError(`${name} (${runId}) is not in the queue: it is ${state}`);
  }

  #advance(runId: string): { run: number; seq: number } {
    const row = this.#sql.nextSeq.first({ id: runId });
    if (row === undefined) throw new Error(`no run ${runId} in the store`);
    return row;
  }

  #keepEvent({ run, seq, event, time }: { run: number; seq: number; event: KeptEvent; time: string }): void {
    const { type, ...details } = event;
    const step = 'step' in event ? event.step : null;
    this.#sql.insertEvent.run({ run, type, seq, step, time, details: JSON.stringify(details) });
  }

  /** The trainer deletes old checkpoints by its own rule; what is gone from disk is no longer one. */
  #keepCheckpoint(run: number, { step, path, bytes }: { step: number; path: string; bytes: number }): void {
    for (const old of this.#sql.checkpoints.all({ run })) if (!existsSync(old.path)) this.#sql.deleteCheckpoint.run({ run, step: old.step });
    this.#sql.insertCheckpoint.run({ run, step, path, bytes });
  }

  #keyOf(name: string): number {
    return (this.#sql.findKey.first({ name }) ?? this.#sql.insertKey.first({ name })!).key;
  }
}
