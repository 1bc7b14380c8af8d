/**
 * One process a home that works through the queue, one run at a time. It is started on demand, owns nothing that
 * is not in the store, and ends when nothing is left to do: when it is killed, the runs go on, and the next
 * supervisor watches them.
 */
import type { ChildProcess } from 'node:child_process';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { takeLock } from '../store/lock.js';
import { openStore } from '../store/store.js';
import type { Store } from '../store/store.js';
import { supervisorSocket } from './address.js';
import { reconcile, settle } from './outcome.js';
import type { SupervisorGreeting, SupervisorRequest } from './protocol.js';
import { serve } from './socket.js';
import { spawnRun } from './spawn.js';

export interface SupervisorOptions {
  readonly home: string;
  readonly runEntry: URL;
  greet(greeting: SupervisorGreeting): void;
}

/** How often it looks after runs that are not its children, of whose end nobody tells it. */
const watchMs = 1000;

/** Resolves when nothing is left to do; at once when another supervisor has this home. */
export async function supervise({ home, runEntry, greet }: SupervisorOptions): Promise<void> {
  const lock = takeLock(join(home, 'supervisor.lock'));
  if (lock === null) return greet({ type: 'taken' });
  const store = openStore(home);
  try {
    await new Supervisor(store, home, runEntry).work(greet);
  } finally {
    store.close();
    lock.release();
  }
}

class Supervisor {
  readonly #store: Store;
  readonly #home: string;
  readonly #runEntry: URL;
  #child: { readonly runId: string; readonly process: ChildProcess } | null = null;
  /** Asked to end: nothing new is started. */
  #ending = false;
  #wake: () => void = () => undefined;

  constructor(store: Store, home: string, runEntry: URL) {
    this.#store = store;
    this.#home = home;
    this.#runEntry = runEntry;
  }

  async work(greet: (greeting: SupervisorGreeting) => void): Promise<void> {
    process.on('SIGHUP', () => undefined);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.#end());
    do {
      const server = await serve(supervisorSocket(this.#home), (request) => this.#answer(request));
      this.#log('listens');
      greet({ type: 'ready' });
      while (this.#hasWork()) await this.#news();
      await closed(server);
      // Something may have been queued while the door was closing.
    } while (this.#hasWork());
    this.#log('nothing is left to do');
  }

  /** Starts the next run when its turn has come; false when there is nothing to start and nothing to watch. */
  #hasWork(): boolean {
    const live = reconcile(this.#store, this.#home, this.#child?.runId);
    if (this.#child !== null) return true;
    if (this.#ending) return false;
    if (live.length > 0) return true;
    const [next] = this.#store.queue();
    if (next === undefined) return false;
    this.#start(next);
    return true;
  }

  #start(runId: string): void {
    const child = spawnRun(this.#home, { runId, entry: this.#runEntry, ipc: false });
    this.#child = { runId, process: child };
    this.#log(`${runId} started, process ${child.pid ?? 'none'}`);
    child.once('error', (error) => this.#ended(runId, `could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      settle(this.#store, this.#home, { runId, exit: { code, signal } });
      this.#ended(runId, `ended with ${signal ?? code}`);
    });
  }

  #ended(runId: string, how: string): void {
    this.#log(`${runId} ${how}`);
    // A run that could not even say that it runs must not be tried for ever.
    if (this.#store.cancel(runId, how)) this.#store.setState(runId, 'failed', `its process ${how}: see run.log`);
    this.#child = null;
    this.#wake();
  }

  #answer(request: unknown): void {
    const { type } = request as SupervisorRequest;
    if (type !== 'news') throw new Error(`not a request to the supervisor: ${JSON.stringify(request)}`);
    this.#wake();
  }

  #end(): void {
    this.#ending = true;
    this.#child?.process.kill('SIGTERM');
    this.#wake();
  }

  /** Resolves at a request, at the end of a run, or when it is time to look after the others. */
  async #news(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, watchMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #log(line: string): void {
    process.stdout.write(`${new Date().toISOString()} supervisor ${process.pid}: ${line}\n`);
  }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
