/** The main thread of a run process: it always answers, records and saves, whatever its worker thread is deep in. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import { writeExperiment } from '../config/file.js';
import { withValues } from '../config/keys.js';
import { liveKnobs } from '../config/same-run.js';
import type { Experiment } from '../config/schema.js';
import { runFolder } from '../store/folders.js';
import { openStore } from '../store/store.js';
import { stopReasons, type LiveChange, type Request } from '../trainer/events.js';
import { replaceFile } from '../util/atomic.js';
import { messageOf, UserError } from '../util/errors.js';
import { writeIdentity } from './adopt.js';
import { runSocket } from './address.js';
import { admitChange, askFor, isControl, newControls } from './controls.js';
import { announceEnd } from './finish.js';
import { ownIdentity } from './identity.js';
import type { RunRequest, TimedEvent, WorkerInput, WorkerMessage } from './protocol.js';
import { besideModule } from './module.js';
import { Recorder } from './recorder.js';
import { serve } from './socket.js';
import { tensorBoard } from './tensorboard.js';

export interface RunOptions {
  readonly home: string;
  readonly runId: string;
  /** What the worker thread runs. */
  readonly workerEntry: URL;
  /** Aborted, with the signal's name, when the run was asked to stop before this could be heard here. */
  readonly early?: AbortSignal;
}

/** This thread must always answer: what cannot be written soon is written later. */
const patienceMs = 1000;

const unbegunReason = 'stopped before it began';

/** How long threads of a library may outlive the end of the run. */
const graceMs = 5000;

/** Runs a queued run to its end. Resolves with the exit code of the process: 0 completed or stopped, 1 failed. */
export async function runProcess({ home, runId, workerEntry, early }: RunOptions): Promise<number> {
  const store = openStore(home, patienceMs);
  if (early?.aborted) return store.cancel(runId, early.reason === 'SIGTERM' ? stopReasons.outside : unbegunReason) ? 0 : 1;
  const self = ownIdentity();
  if (!store.claim(runId, self)) return 1;
  const parent = process.ppid;
  const record = store.run(runId);
  const { config } = record;
  const folder = runFolder(home, runId);
  mkdirSync(folder, { recursive: true });
  replaceFile(join(folder, 'experiment.yaml'), writeExperiment(besideModule(config)));
  writeIdentity(folder, record);

  // When memory runs out, the kernel is to take this one, which goes on from its checkpoint, not the shell or the supervisor.
  tryTo(() => writeFileSync('/proc/self/oom_score_adj', '500'));
  const log = (line: string): void => tryTo(() => appendFileSync(join(folder, 'run.log'), `${new Date().toISOString()} ${line}\n`));
  const controls = newControls();
  const changes = new MessageChannel();
  let begun = false;
  const unbegun = new AbortController();
  const control = (asked: Request): void => {
    tryTo(() => store.recordControl(runId, asked, new Date().toISOString()));
    // Nothing is trained that could be saved, and what is tokenised is kept in parts.
    if (!begun && (asked === 'stop' || asked === 'terminate')) unbegun.abort(asked === 'terminate' ? stopReasons.outside : unbegunReason);
    else askFor(controls, asked);
  };
  // The terminal may go; the run stays. Whoever ends this process kindly gets a saved run.
  process.on('SIGHUP', () => log('the terminal went away; the run goes on'));
  // A user's Ctrl-C comes as SIGINT, from the command that watches.
  process.on('SIGINT', () => control('stop')).on('SIGTERM', () => control('terminate'));
  const server = await serve(runSocket(home, runId), (request) => {
    const asked = request as RunRequest;
    if (asked.type === 'control' && isControl(asked.control)) control(asked.control);
    else if (asked.type === 'set') {
      const change = checkedChange(config, asked.changes);
      if (!admitChange(controls)) throw new UserError('it makes no more updates and is only writing its result: have it go on with another value when it has ended (workbench resume <run> --set train.<key>=<value>)');
      changes.port1.postMessage(change);
    }
    else throw new Error(`not a request to a run: ${JSON.stringify(request)}`);
  });

  const recorder = new Recorder(store, { runId, folder, board: tensorBoard(config, join(folder, 'tb')), complain: log });
  const input: WorkerInput = { runFolder: folder, home, experiment: config, measurements: store.measurements(), controls, changes: changes.port2 };
  const end = await runWorker(new Worker(workerEntry, { workerData: input, transferList: [changes.port2] }), {
    log,
    quit: unbegun.signal,
    keep: (timed) => {
      begun ||= timed.event.type === 'started';
      recorder.record(timed);
      if (timed.event.type === 'changed') tryTo(() => replaceFile(join(folder, 'experiment.yaml'), writeExperiment(besideModule(store.run(runId).config))));
      announce(timed);
    },
  });

  await recorder.settle();
  if (unbegun.signal.aborted) tryTo(() => store.setState(runId, 'stopped', String(unbegun.signal.reason), 'running'));
  server.close();
  changes.port1.close();
  tryTo(() => writeIdentity(folder, store.run(runId)));
  tryTo(() => store.clearProcess(runId, self));
  // Whoever started it tells of its end; who is left alone does so himself.
  if (process.ppid !== parent) await announceEnd(store, home, { runId }).catch((error: unknown) => log(messageOf(error)));
  store.close();
  return end === 'failed' ? 1 : 0;
}

/** Throws a UserError for a knob that a live run cannot change, or a value that is not allowed. */
function checkedChange(config: Experiment, changes: LiveChange): LiveChange {
  for (const key of Object.keys(changes)) if (!liveKnobs.some((knob) => knob === key)) throw new UserError(`\`${key}\` cannot change while it runs; ${liveKnobs.join(', ')} can`);
  withValues(config, Object.fromEntries(Object.entries(changes).map(([key, value]) => [`train.${key}`, value])));
  return changes;
}

interface WorkerHandlers {
  /** Ends the thread where it is. */
  readonly quit: AbortSignal;
  log(line: string): void;
  keep(timed: TimedEvent): void;
}

type Closing = 'completed' | 'stopped' | 'failed';

/**
 * Resolves with the closing event when the thread has ended; a thread that breaks is given one. A thread that a
 * library keeps alive after its last event, when no native step runs, is not waited for.
 */
function runWorker(worker: Worker, { quit, log, keep }: WorkerHandlers): Promise<Closing> {
  let end: Closing | null = null;
  let ending = 'ended without a word: see run.log';
  const fail = (reason: string): Closing => {
    keep({ type: 'event', event: { type: 'failed', reason, user: false }, time: new Date().toISOString() });
    return 'failed';
  };
  return new Promise((resolve) => {
    worker.on('message', (message: WorkerMessage) => {
      if (message.type === 'log') return log(message.line);
      keep(message);
      const { type } = message.event;
      if (type !== 'completed' && type !== 'stopped' && type !== 'failed') return;
      end = type;
      setTimeout(() => resolve(type), graceMs).unref();
    });
    worker.on('error', (error) => {
      log(error instanceof Error ? (error.stack ?? error.message) : String(error));
      ending = `broke: ${messageOf(error)}`;
    });
    // An error may overtake the last messages; the exit comes after them.
    worker.on('exit', () => resolve(end ?? (quit.aborted ? 'stopped' : fail(`the training thread ${ending}`))));
    const terminate = (): void => void worker.terminate();
    if (quit.aborted) terminate();
    else quit.addEventListener('abort', terminate);
  });
}

/** To the command that watches, if there is one and it is still there. */
function announce(timed: TimedEvent): void {
  if (process.connected) process.send?.(timed, undefined, undefined, () => undefined);
}

function tryTo(work: () => void): void {
  try {
    work();
  } catch {
    // A full disk must not cost the run: what could not be noted is missing, nothing more.
  }
}
