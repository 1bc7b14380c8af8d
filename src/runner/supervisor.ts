/**
 * One process a home that works through the queue, as many runs at once as the store says, and has the trials of
 * searches go on. It is started on demand, owns nothing that is not in the store, and ends when nothing is left to do:
 * when it is killed, the runs go on, and the next supervisor watches them.
 */
import type { ChildProcess } from 'node:child_process';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isLarge } from '../store/checked.js';
import { databasePath } from '../store/folders.js';
import { takeLock } from '../store/lock.js';
import { openStore } from '../store/store.js';
import type { Store } from '../store/store.js';
import { messageOf } from '../util/errors.js';
import { supervisorSocket } from './address.js';
import { announceEnd, announceSearch } from './finish.js';
import { KernelKills, type Exit } from './memory.js';
import { reconcile, settle, settleUnbegun } from './outcome.js';
import { Searches } from './search/advance.js';
import type { SupervisorGreeting, SupervisorRequest } from './protocol.js';
import { serve } from './socket.js';
import { spawnRun, spawnUpkeep } from './spawn.js';
import { removeOrphans } from './scratch-folder.js';
import { startUpkeep } from './upkeep.js';

export interface SupervisorOptions {
  readonly home: string;
  readonly runEntry: URL;
  readonly kernelKills?: KernelKills;
  greet(greeting: SupervisorGreeting): void;
}

/** How often it looks after runs that are not its children, of whose end nobody tells it. */
const watchMs = 1000;

/** Resolves when nothing is left to do; at once when another supervisor has this home. */
export async function supervise(options: SupervisorOptions): Promise<void> {
  const { home, greet } = options;
  const lock = takeLock(join(home, 'supervisor.lock'));
  if (lock === null) return greet({ type: 'taken' });
  const store = openStore(home);
  startUpkeep(home);
  removeOrphans(home);
  try {
    await new Supervisor(store, options).work(greet);
  } finally {
    store.close();
    lock.release();
  }
}

class Supervisor {
  readonly #store: Store;
  readonly #home: string;
  readonly #searches: Searches;
  readonly #runEntry: URL;
  readonly #kernelKills: KernelKills;
  readonly #children = new Map<string, ChildProcess>();
  /** Commands of `on_finish` that have not ended. */
  readonly #announcing = new Set<Promise<void>>();
  /** Asked to end: nothing new is started. */
  #ending = false;
  #wake: () => void = () => undefined;

  constructor(store: Store, { home, runEntry, kernelKills = new KernelKills() }: SupervisorOptions) {
    this.#store = store;
    this.#home = home;
    this.#searches = new Searches(store, home);
    this.#runEntry = runEntry;
    this.#kernelKills = kernelKills;
  }

  async work(greet: (greeting: SupervisorGreeting) => void): Promise<void> {
    process.on('SIGHUP', () => undefined);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.#end());
    do {
      const server = await serve(supervisorSocket(this.#home), (request) => this.#answer(request));
      this.#log('listens');
      greet({ type: 'ready' });
      while (await this.#patiently(() => this.#hasWork())) await this.#news();
      await closed(server);
      // Something may have been queued while the door was closing.
    } while (await this.#patiently(() => this.#hasWork()));
    // A new run would wait for it.
    if (isLarge(databasePath(this.#home))) spawnUpkeep(this.#home);
    else await this.#patiently(() => this.#store.backUpDaily()).catch((error: unknown) => this.#log(`no backup could be made: ${messageOf(error)}`));
    this.#log('nothing is left to do');
  }

  /** Starts the runs whose turn has come; false when there is nothing to start and nothing to watch. */
  async #hasWork(): Promise<boolean> {
    const children = new Set(this.#children.keys());
    const live = reconcile(this.#store, this.#home, children);
    for (const runId of this.#store.untold()) if (!children.has(runId)) this.#tell(runId, () => announceEnd(this.#store, this.#home, { runId }));
    if (this.#ending) return children.size > 0;
    const searches = await this.#searches.look();
    searches.told.forEach((line) => this.#log(line));
    for (const name of this.#store.untoldSearches()) this.#tell(name, () => announceSearch(this.#store, this.#home, name));
    // A child is still in the queue until it says that it runs.
    const busy = new Set([...live, ...children]);
    const waiting = this.#store.queue().filter((id) => !children.has(id));
    const turn = waiting.slice(0, Math.max(0, this.#store.parallel() - busy.size));
    for (const runId of turn) this.#start(runId);
    return searches.open || busy.size + turn.length + this.#announcing.size > 0;
  }

  #start(runId: string): void {
    const since = this.#store.waitingSince(runId);
    if (since === null) return; // taken out just now
    const child = spawnRun(this.#home, { runId, entry: this.#runEntry, ipc: false });
    this.#children.set(runId, child);
    this.#log(`${runId} started, process ${child.pid ?? 'none'}`);
    child.once('error', (error) => void this.#ended({ runId, since }, `could not be started: ${error.message}`));
    child.once('exit', (code, signal) => void this.#ended({ runId, since }, `ended with ${signal ?? code}`, { code, signal, kernelKilled: this.#kernelKills.recent() }));
  }

  /** The queue goes on meanwhile. */
  #tell(of: string, announce: () => Promise<string | null>): void {
    const work: Promise<void> = announce()
      .then((warning) => {
        if (warning !== null) this.#log(`${of}: ${warning}`);
      })
      .catch((error: unknown) => this.#log(`${of}: its end could not be told: ${messageOf(error)}`))
      .finally(() => {
        this.#announcing.delete(work);
        this.#wake();
      });
    this.#announcing.add(work);
  }

  /** Does not reject. */
  async #ended({ runId, since }: { runId: string; since: string }, how: string, exit: Exit | null = null): Promise<void> {
    this.#log(`${runId} ${how}`);
    try {
      await this.#patiently(() => this.#store.transaction(() => this.#settle({ runId, since, exit }, how)));
    } catch (error) {
      this.#log(`${runId} is left to whoever looks next: ${messageOf(error)}`);
    }
    this.#children.delete(runId);
    this.#wake();
  }

  #settle({ runId, since, exit }: { runId: string; since: string; exit: Exit | null }, how: string): void {
    if (exit !== null && settle(this.#store, this.#home, { runId, exit, since }).length > 0) {
      this.#store.enqueueFirst(runId); // what ran goes on before what waits
      this.#log(`${runId} ran out of memory and goes on with smaller micro-batches`);
    }
    settleUnbegun(this.#store, { runId, since }, how);
  }

  /** A store that is locked, or a disk that is full, may be free again soon: tries once a second, for a minute. */
  async #patiently<T>(work: () => T | Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        if (tries === 60) throw error;
        this.#log(`tries again: ${messageOf(error)}`);
        await wait(watchMs);
      }
    }
  }

  #answer(request: unknown): void {
    const { type } = request as SupervisorRequest;
    if (type !== 'news') throw new Error(`not a request to the supervisor: ${JSON.stringify(request)}`);
    this.#wake();
  }

  #end(): void {
    this.#ending = true;
    for (const child of this.#children.values()) child.kill('SIGTERM');
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
