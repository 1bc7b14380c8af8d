/** A run that a command watches to its end. It has a process of its own all the same, and outlives the terminal. */
import { openStore } from '../store/store.js';
import type { RunRecord } from '../store/rows.js';
import type { TrainEvent } from '../trainer/events.js';
import { settle, settleUnbegun } from './outcome.js';
import type { Exit } from './outcome.js';
import type { TimedEvent } from './protocol.js';
import { entries, spawnRun } from './spawn.js';
import type { Entries } from './spawn.js';

export interface ForegroundOptions {
  onEvent(event: TrainEvent, time: string): void;
  /** Ctrl-C was pressed: once, the run stops and saves; again, it is killed. */
  onInterrupt?(times: number): void;
  readonly entries?: Entries;
}

/** Runs a queued run at once, whatever else runs. Resolves with its record when its process has ended. */
export async function runForeground(home: string, runId: string, { onEvent, onInterrupt, entries: { run } = entries }: ForegroundOptions): Promise<RunRecord> {
  const store = openStore(home);
  const since = store.waitingSince(runId);
  const child = spawnRun(home, { runId, entry: run, ipc: true });
  let interrupts = 0;
  const interrupt = (signal: NodeJS.Signals): void => {
    interrupts++;
    if (interrupts > 1) store.recordControl(runId, 'kill', new Date().toISOString());
    child.kill(interrupts > 1 ? 'SIGKILL' : signal);
    onInterrupt?.(interrupts);
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    const exit = await new Promise<Exit>((resolve, reject) => {
      child.on('message', ({ event, time }: TimedEvent) => onEvent(event, time));
      child.on('error', reject);
      // `close` comes after the last message, `exit` may come before it.
      child.on('close', (code, signal) => resolve({ code, signal }));
    });
    settle(store, home, { runId, exit });
    if (interrupts > 0) store.cancel(runId, 'stopped before it began');
    settleUnbegun(store, { runId, since }, `ended with ${exit.signal ?? exit.code}`);
    return store.run(runId);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    store.close();
  }
}
