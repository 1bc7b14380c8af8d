/** What is said of a run whose process ended without saying it itself. */
import { rmSync } from 'node:fs';
import { runFolder } from '../store/folders.js';
import { isLive, type ProcessIdentity, type RunRecord } from '../store/rows.js';
import type { Store } from '../store/store.js';
import { stopReasons, type TrainEvent } from '../trainer/events.js';
import { restoreRun } from '../trainer/checkpoint/checkpoint.js';
import { engineFolder } from '../trainer/engine-folder.js';
import { runSocket } from './address.js';
import { isAlive, isOfEarlierBoot, mayLive } from './identity.js';
import { memoryFigures, outOfMemory, retrySmaller, type Exit } from './memory.js';
import { setAside } from './scratch-folder.js';

const unseen = 'its process is gone and nobody saw how: most likely killed';
const restarted = 'the machine was restarted, or lost power, while it ran';
const unstarted = 'never started: the command that made it ended first';

/** A run that was asked for but not queued has a process within seconds, or whoever asked is gone. */
const patienceMs = 60_000;

export interface Ending {
  readonly runId: string;
  /** Null when nobody saw it. */
  readonly exit: Exit | null;
  /** When the run began to wait for that process. */
  readonly since?: string | null;
}

/**
 * Brings the record and the folder of a run into line with the end of its process. Does nothing while the process that has the
 * run lives (then it was another one that ended), nor where the run was removed meanwhile.
 * Returns what was recorded of a run that ran out of memory and is queued again, to be started by the caller; else nothing.
 */
export function settle(store: Store, home: string, ending: Ending): TrainEvent[] {
  // As one: no other process can take the run between what is seen of it, what is said of it and what is cleaned up behind it.
  return store.transaction(() => {
    const { runId } = ending;
    const holder = store.processOf(runId);
    if (!store.has(runId) || (holder !== null && mayLive(holder))) return [];
    const how = recordEnd(store, home, { ending, holder });
    if (holder !== null) store.clearProcess(runId, holder);
    cleanUp(store, home, runId);
    return how === null ? [] : retrySmaller(store, { runId, since: ending.since ?? null, how });
  });
}

function cleanUp(store: Store, home: string, runId: string): void {
  tidy(() => rmSync(runSocket(home, runId), { force: true }));
  tidy(() => {
    const engine = setAside(home, engineFolder(runFolder(home, runId)));
    if (engine !== null) store.afterTransaction(() => tidy(() => rmSync(engine, { recursive: true, force: true })));
  });
  restoreRun(runFolder(home, runId));
}

/** What cannot be removed takes room until the run goes on or is removed; what became of the run is recorded all the same. */
function tidy(remove: () => void): void {
  try {
    remove();
  } catch {
    // Left where it is.
  }
}

/** Says of a run what it has not said itself; returns how it ran out of memory, null where it did not. */
function recordEnd(store: Store, home: string, { ending: { runId, exit }, holder }: { ending: Ending; holder: ProcessIdentity | null }): string | null {
  const run = store.run(runId);
  const { state, reason } = run;
  if (state === 'failed' && exit !== null) return saidOutOfMemory(store, runId) ? 'an allocation failed' : null;
  // Who only found the run without its process may have come before the parent, who knows more.
  const isUnexplained = state === 'crashed' && reason === unseen && exit !== null;
  if (!isLive(run) && !isUnexplained) return null;
  const how = exit === null ? null : outOfMemory(home, runId, exit);
  const end = wasKilled(store, runId) ? killed : { state: 'crashed' as const, reason: crashOf(run, { exit, how, holder }) };
  store.setState(runId, end.state, end.reason);
  return end.state === 'crashed' ? how : null;
}

/**
 * A run whose process ended before it could even say that it runs must not be tried for ever. One that does not wait
 * `since` the same time as when the process was started was resumed meanwhile.
 */
export function settleUnbegun(store: Store, { runId, since }: { runId: string; since: string | null }, how: string): void {
  store.transaction(() => {
    if (store.waitingSince(runId) === since && store.cancel(runId, how)) store.setState(runId, 'failed', `its process ${how}: see run.log`);
  });
}

/** Whether a run ended for a reason that has nothing to do with it or with anybody's wish: what is to be done with it is to go on. */
export function wasCutOff({ state, reason }: Pick<RunRecord, 'state' | 'reason'>): boolean {
  return (state === 'crashed' && (reason === unseen || reason === restarted)) || (state === 'stopped' && (reason === stopReasons.outside || reason === unstarted));
}

/** Finds the runs that are said to be live and are not, and says what became of them. Returns the ids of those that live here; of those on another machine it says nothing. */
export function reconcile(store: Store, home: string, ownChildren: ReadonlySet<string> = new Set()): string[] {
  const live: string[] = [];
  for (const { id, process } of store.live()) {
    if (ownChildren.has(id) || (process !== null && isAlive(process))) live.push(id);
    else settle(store, home, { runId: id, exit: null });
  }
  if (forgotten(store).length > 0) {
    store.transaction(() => {
      for (const { id } of forgotten(store)) store.cancel(id, unstarted);
    });
  }
  return live;
}

function forgotten(store: Store): ReturnType<Store['unclaimed']> {
  // A clock that was set back makes it wait from the future.
  return store.unclaimed().filter(({ since }) => Math.abs(Date.now() - Date.parse(since)) > patienceMs);
}

function saidOutOfMemory(store: Store, runId: string): boolean {
  return store.history(runId).findLast(({ type }) => type === 'failed')?.details['out_of_memory'] === true;
}

/** A kill of an earlier part is not this one. */
function wasKilled(store: Store, runId: string): boolean {
  return store.history(runId).findLast(({ type }) => type === 'control' || type === 'started')?.details['control'] === 'kill';
}

const killed = { state: 'stopped', reason: 'killed by the user' } as const;

function crashOf(run: RunRecord, { exit, how, holder }: { exit: Exit | null; how: string | null; holder: ProcessIdentity | null }): string {
  if (holder !== null && isOfEarlierBoot(holder)) return restarted;
  return how === null ? reasonOf(exit, run) : `${how}${memoryFigures(run)}: ${lessMemory}`;
}

const lessMemory = 'try a smaller train.per_device_train_batch_size or max_length';

function reasonOf(exit: Exit | null, run: RunRecord): string {
  if (exit === null) return unseen;
  switch (exit.signal) {
    case 'SIGKILL':
      return `killed (SIGKILL) by hand, or out of memory${memoryFigures(run)}: ${lessMemory}`;
    case 'SIGSEGV':
    case 'SIGBUS':
    case 'SIGABRT':
    case 'SIGILL':
    case 'SIGTRAP':
    case 'SIGFPE':
      return `native code crashed (${exit.signal}): run.log has what it said`;
    case null:
      return `its process ended with exit code ${exit.code ?? 'unknown'} and without a word: see run.log`;
    default:
      return `its process was ended by ${exit.signal}`;
  }
}
