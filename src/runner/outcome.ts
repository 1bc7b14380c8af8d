/** What is said of a run whose process ended without saying it itself. */
import { rmSync } from 'node:fs';
import { runFolder } from '../store/folders.js';
import type { BegunState, RunRecord } from '../store/rows.js';
import type { Store } from '../store/store.js';
import type { TrainEvent } from '../trainer/events.js';
import { restoreRun } from '../trainer/checkpoint/checkpoint.js';
import { engineFolder } from '../trainer/engine-folder.js';
import { runSocket } from './address.js';
import { isAlive, isElsewhere, isOfEarlierBoot } from './identity.js';
import { memoryFigures, outOfMemory, retrySmaller, type Exit } from './memory.js';

const unseen = 'its process is gone and nobody saw how: most likely killed';

/** A run that was asked for but not queued has a process within seconds, or whoever asked is gone. */
const patienceMs = 60_000;

/**
 * Brings the record of a run into line with the end of its process; `exit` is null when nobody saw it. Does nothing
 * while the process that has the run lives: then it was another one that ended. `since` is when the run began to wait for that process.
 * Returns what was recorded of a run that ran out of memory and is queued again, to be started by the caller; else nothing.
 */
export function settle(store: Store, home: string, { runId, exit, since = null }: { runId: string; exit: Exit | null; since?: string | null }): TrainEvent[] {
  const holder = store.processOf(runId);
  if (holder !== null && (isElsewhere(holder) || isAlive(holder))) return [];
  const { state, reason } = store.run(runId);
  let how: string | null = null;
  // Who only found the run without its process may have come before the parent, who knows more.
  const unexplained = state === 'crashed' && reason === unseen && exit !== null;
  if (state === 'running' || state === 'paused' || unexplained) {
    how = exit === null ? null : outOfMemory(home, runId, exit);
    const end = outcomeOf(store, runId, exit, how);
    store.setState(runId, end.state, end.reason, state); // unless it was resumed just now
    if (end.state !== 'crashed') how = null;
  }
  if (state === 'failed' && exit !== null && store.history(runId).findLast(({ type }) => type === 'failed')?.details['out_of_memory'] === true) how = 'an allocation failed';
  store.clearProcess(runId);
  rmSync(runSocket(home, runId), { force: true });
  // What is queued may have another process by now.
  if (state !== 'queued') {
    rmSync(engineFolder(runFolder(home, runId)), { recursive: true, force: true });
    restoreRun(runFolder(home, runId));
  }
  return how === null ? [] : retrySmaller(store, { runId, since, how });
}

/**
 * A run whose process ended before it could even say that it runs must not be tried for ever. One that does not wait
 * `since` the same time as when the process was started was resumed meanwhile.
 */
export function settleUnbegun(store: Store, { runId, since }: { runId: string; since: string | null }, how: string): void {
  if (store.waitingSince(runId) === since && store.cancel(runId, how)) store.setState(runId, 'failed', `its process ${how}: see run.log`);
}

/** Finds the runs that are said to be live and are not, and says what became of them. Returns the ids of those that live here; of those on another machine it says nothing. */
export function reconcile(store: Store, home: string, ownChildren: ReadonlySet<string> = new Set()): string[] {
  const live: string[] = [];
  for (const { id, process } of store.live()) {
    if (ownChildren.has(id) || (process !== null && isAlive(process))) live.push(id);
    else settle(store, home, { runId: id, exit: null });
  }
  for (const { id, since } of store.unclaimed()) {
    // A clock that was set back makes it wait from the future.
    if (Math.abs(Date.now() - Date.parse(since)) > patienceMs) store.cancel(id, 'never started: the command that made it ended first');
  }
  return live;
}

function outcomeOf(store: Store, runId: string, exit: Exit | null, outOfMemory: string | null): { state: BegunState; reason: string } {
  // A kill of an earlier part is not this one.
  if (store.history(runId).findLast(({ type }) => type === 'control' || type === 'started')?.details['control'] === 'kill') {
    return { state: 'stopped', reason: 'killed by the user' };
  }
  const process = store.processOf(runId);
  if (process !== null && isOfEarlierBoot(process)) return { state: 'crashed', reason: 'the machine was restarted, or lost power, while it ran' };
  const run = store.run(runId);
  return { state: 'crashed', reason: outOfMemory === null ? reasonOf(exit, run) : `${outOfMemory}${memoryFigures(run)}: ${lessMemory}` };
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
