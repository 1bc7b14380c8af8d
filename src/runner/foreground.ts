/** A run that a command watches to its end. It has a process of its own all the same, and outlives the terminal. */
import { openStore } from '../store/store.js';
import type { RunRecord } from '../store/rows.js';
import type { Store } from '../store/store.js';
import type { TrainEvent } from '../trainer/events.js';
import { KernelKills, type Exit } from './memory.js';
import { settle, settleUnbegun } from './outcome.js';
import type { TimedEvent } from './protocol.js';
import { entries, spawnRun } from './spawn.js';
import type { Entries } from './spawn.js';
import { startUpkeep } from './upkeep.js';

export interface ForegroundOptions {
  onEvent(event: TrainEvent, time: string): void;
  /** Ctrl-C was pressed: once, the run stops and saves; again, it is killed. */
  onInterrupt?(times: number): void;
  readonly entries?: Entries;
}

/** Runs a queued run at once, whatever else runs; again with smaller micro-batches when memory runs out. Resolves with its record when its process has ended. */
export async function runForeground(home: string, runId: string, options: ForegroundOptions): Promise<RunRecord> {
  const store = openStore(home);
  startUpkeep(home);
  const kernelKills = new KernelKills();
  try {
    for (;;) {
      const since = store.waitingSince(runId);
      const { exit, interrupted, heldBack } = await runOnce(store, home, { runId, options });
      const again = settle(store, home, { runId, since, exit: { ...exit, kernelKilled: kernelKills.recent() } });
      for (const event of again.length > 0 ? again : heldBack) options.onEvent(event, new Date().toISOString());
      if (interrupted) store.cancel(runId, again.length > 0 ? 'stopped by the user' : 'stopped before it began');
      else if (again.length > 0) continue;
      settleUnbegun(store, { runId, since }, `ended with ${exit.signal ?? exit.code}`);
      return store.run(runId);
    }
  } finally {
    kernelKills.close();
    store.close();
  }
}

interface Ended {
  readonly exit: Exit;
  readonly interrupted: boolean;
  /** An end that may not be one: it goes on where memory was all that was lacking. */
  readonly heldBack: readonly TrainEvent[];
}

async function runOnce(store: Store, home: string, { runId, options: { onEvent, onInterrupt, entries: { run } = entries } }: { runId: string; options: ForegroundOptions }): Promise<Ended> {
  const child = spawnRun(home, { runId, entry: run, ipc: true });
  let interrupts = 0;
  const heldBack: TrainEvent[] = [];
  const interrupt = (signal: NodeJS.Signals): void => {
    interrupts++;
    if (interrupts > 1) store.recordControl(runId, 'kill', new Date().toISOString());
    child.kill(interrupts > 1 ? 'SIGKILL' : signal);
    onInterrupt?.(interrupts);
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    const exit = await new Promise<Exit>((resolve, reject) => {
      child.on('message', ({ event, time }: TimedEvent) => {
        if (event.type === 'failed' && event.out_of_memory === true) heldBack.push(event);
        else onEvent(event, time);
      });
      child.on('error', reject);
      // `close` comes after the last message, `exit` may come before it.
      child.on('close', (code, signal) => resolve({ code, signal }));
    });
    return { exit, interrupted: interrupts > 0, heldBack };
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}
