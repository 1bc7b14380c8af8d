/** What commands and the screen may ask about runs in processes of their own. */
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { runFolder } from '../store/folders.js';
import { openStore } from '../store/store.js';
import type { Store } from '../store/store.js';
import type { ProcessIdentity, RunRecord, StoreReader } from '../store/rows.js';
import type { Control, LiveChange } from '../trainer/events.js';
import { UserError } from '../util/errors.js';
import { runSocket, supervisorSocket } from './address.js';
import { isAlive, isElsewhere } from './identity.js';
import { reconcile as reconcileStore, settle } from './outcome.js';
import type { RunRequest, SupervisorGreeting, SupervisorRequest } from './protocol.js';
import { isSearchOpen } from './search/advance.js';
import { ask } from './socket.js';
import { entries, spawnSupervisor } from './spawn.js';
import type { Entries } from './spawn.js';

/** How long a supervisor, or a run that has only begun, may take to answer. */
const patienceMs = 15_000;
const pollMs = 50;
/** After which a run on another machine may be given up. */
const silenceMs = 30 * 60_000;

/**
 * Puts a queued run in line, starting the supervisor if there is none; the run then needs nobody. Rejects with a
 * UserError when the run is not queued or no supervisor can be started.
 */
export async function startRun(home: string, runId: string, use: Entries = entries): Promise<void> {
  withStore(home, (store) => {
    if (store.enqueue(runId)) return;
    const { name, state } = store.run(runId);
    throw new UserError(`the run "${name}" (${runId}) is ${state}: only a queued run can be started`);
  });
  await workQueue(home, use);
}

/** Whether a supervisor would find something to do: runs that wait, or a search that is not over. */
export function isWorkLeft(store: StoreReader): boolean {
  return store.queue().length > 0 || isSearchOpen(store);
}

/** Whether a supervisor is there, which looks at the queue then. */
export async function isWorkedOn(home: string): Promise<boolean> {
  return answers(supervisorSocket(home), { type: 'news' });
}

/** Has the supervisor look at the queue, starting it if there is none. Rejects with a UserError when that cannot be. */
export async function workQueue(home: string, { supervisor }: Entries = entries): Promise<void> {
  const deadline = performance.now() + patienceMs;
  // A supervisor that has just found nothing to do does not answer any more and still holds the lock.
  while (!(await isWorkedOn(home)) && !(await startSupervisor(home, supervisor))) {
    if (performance.now() > deadline) throw new UserError(noSupervisor(home, 'it does not answer'));
    await wait(pollMs);
  }
}

/** Asks something of a run. Rejects with a UserError when it is at rest. A queued run can only be stopped. */
export async function control(home: string, runId: string, asked: Control): Promise<void> {
  await askRun(home, runId, { type: 'control', control: asked });
}

/** Changes knobs of a live run before its next update. Rejects with a UserError when it is at rest or they cannot change so. */
export async function change(home: string, runId: string, changes: LiveChange): Promise<void> {
  await askRun(home, runId, { type: 'set', changes });
}

async function askRun(home: string, runId: string, request: RunRequest): Promise<void> {
  const asked = request.type === 'control' ? request.control : 'change';
  const deadline = performance.now() + patienceMs;
  while (!(await answers(runSocket(home, runId), request))) {
    const run = withStore(home, (store) => {
      if (asked === 'stop' && store.cancel(runId, 'stopped before it began')) return null;
      reconcileStore(store, home);
      const process = store.processOf(runId);
      return { ...store.run(runId), elsewhere: process !== null && isElsewhere(process) ? (process.host ?? null) : null };
    });
    if (run === null) return;
    if (run.state === 'queued') throw new UserError(`the run "${run.name}" (${runId}) has not begun: until then it can only be stopped`);
    if (run.state !== 'running' && run.state !== 'paused') throw new UserError(`the run "${run.name}" (${runId}) is ${run.state}: there is nothing to ${asked}`);
    if (run.elsewhere !== null) throw new UserError(`the run "${run.name}" (${runId}) is on ${run.elsewhere}: ask for this there`);
    if (performance.now() > deadline) throw new UserError(`the run "${run.name}" (${runId}) does not answer: try again, or kill it`);
    await wait(pollMs);
  }
}

/** Ends the process of a run at once; what the last checkpoint holds is kept. Rejects with a UserError when it has none. */
export async function kill(home: string, runId: string): Promise<RunRecord> {
  const store = openStore(home);
  try {
    const run = store.run(runId);
    const identity = store.processOf(runId);
    if (store.cancel(runId, 'stopped before it began')) return store.run(runId);
    if (identity !== null && isElsewhere(identity)) return giveUp(store, home, { run, process: identity });
    if (identity === null || !isAlive(identity)) {
      reconcileStore(store, home);
      throw new UserError(`the run "${run.name}" (${runId}) is ${store.run(runId).state}: it has no process to kill`);
    }
    store.recordControl(runId, 'kill', new Date().toISOString());
    process.kill(identity.pid, 'SIGKILL');
    const deadline = performance.now() + patienceMs;
    while (isAlive(identity)) {
      // The system delivers no signal to a process that waits for a disk or a driver.
      if (performance.now() > deadline) throw new UserError(`the process ${identity.pid} of ${run.name} (${runId}) was killed and has not ended: it waits for the system (a disk, a network folder, a driver) and goes when that answers; look again with \`workbench runs\``);
      await wait(pollMs);
    }
    settle(store, home, { runId, exit: { code: null, signal: 'SIGKILL' } });
    return store.run(runId);
  } finally {
    store.close();
  }
}

/** A machine that is gone for good never tells how its runs ended: one that has long written nothing is ended here. */
function giveUp(store: Store, home: string, { run, process }: { run: RunRecord; process: ProcessIdentity }): RunRecord {
  const files = ['run.log', 'trainer_log.jsonl'].map((name) => statSync(join(runFolder(home, run.id), name), { throwIfNoEntry: false })?.mtimeMs ?? 0);
  if (Date.now() - Math.max(...files) < silenceMs) throw new UserError(`the run "${run.name}" (${run.id}) is on ${process.host ?? 'another machine'} and has written within the last half hour: kill it there`);
  store.transaction(() => {
    if (!store.clearProcess(run.id, process)) throw new UserError(`the process of ${run.name} (${run.id}) has just changed: look again with \`workbench runs\``);
    store.recordControl(run.id, 'kill', new Date().toISOString());
    settle(store, home, { runId: run.id, exit: null });
  });
  return store.run(run.id);
}

/** Brings the records of runs whose process is gone into line; to be called when runs are about to be shown. Returns those that live. */
export function reconcile(home: string): string[] {
  return withStore(home, (store) => reconcileStore(store, home));
}

/** True when a new supervisor works on the queue; false when another one has the home. */
async function startSupervisor(home: string, entry: URL): Promise<boolean> {
  const child = spawnSupervisor(home, entry);
  const ended = once(child, 'exit').then((): [SupervisorGreeting] => [{ type: 'failed', reason: 'it ended at once' }]);
  const [greeting] = (await Promise.race([once(child, 'message'), ended])) as [SupervisorGreeting];
  if (child.connected) child.disconnect();
  child.unref();
  if (greeting.type === 'failed') throw new UserError(noSupervisor(home, greeting.reason));
  return greeting.type === 'ready';
}

function noSupervisor(home: string, reason: string): string {
  return `the supervisor of ${home} cannot be used: ${reason}; ${join(home, 'supervisor.log')} has more`;
}

async function answers(path: string, request: RunRequest | SupervisorRequest): Promise<boolean> {
  const reply = await ask(path, request).catch(() => null);
  if (reply?.type === 'refused') throw new UserError(reply.reason);
  return reply !== null;
}

function withStore<T>(home: string, work: (store: Store) => T): T {
  const store = openStore(home);
  try {
    return work(store);
  } finally {
    store.close();
  }
}
