/** A run that a command has just made, watched to its end or to its beginning. */
import { setTimeout as wait } from 'node:timers/promises';
import { startRun } from '../runner/client.js';
import { announceEnd } from '../runner/finish.js';
import { runForeground } from '../runner/foreground.js';
import type { RunRecord } from '../store/rows.js';
import type { Store } from '../store/store.js';
import { called } from '../ui/format/run.js';
import { concludeRun, throwIfRefused } from './outcome.js';
import { ring, type ExitCode, type Terminal } from './terminal.js';
import { eventPrinter } from './view/printer.js';

interface Watched {
  readonly store: Store;
  readonly id: string;
  readonly json: boolean;
  readonly bell: boolean;
  /** Made by this very command: it may go again when it is refused. */
  readonly created: boolean;
}

/** Starts it: here, with `process.exitCode` for how it ended, or with `detach` in the background. */
export async function launch(terminal: Terminal, home: string, { detach, ...watched }: Watched & { readonly detach: boolean }): Promise<void> {
  if (detach) {
    await startRun(home, watched.id);
    await announceStart(terminal, home, watched);
  } else process.exitCode = await watchRun(terminal, home, watched);
}

async function watchRun(terminal: Terminal, home: string, { store, id, json, bell, created }: Watched): Promise<ExitCode> {
  const printer = eventPrinter(terminal, { run: store.run(id), json });
  const run = await runForeground(home, id, {
    onEvent: printer.show,
    onInterrupt(times) {
      if (times > 1) return;
      printer.clear();
      const prepares = store.run(id).total_steps === null;
      terminal.note(`workbench: ${prepares ? 'stopping before it has begun' : 'stopping after this update, and saving'}; Ctrl-C again ends it at once`);
    },
  });
  printer.end();
  throwIfRefused(store, home, { id, created });
  const code = concludeRun(terminal, home, { run, store });
  if (bell) ring();
  const warning = await announceEnd(store, home, { runId: id });
  if (warning !== null) terminal.note(`workbench: ${warning}`);
  return code;
}

/** Says that it has begun, or that it waits, once one of them is so. */
async function announceStart(terminal: Terminal, home: string, { store, id, json, created }: Omit<Watched, 'bell'>): Promise<void> {
  const run = await begun(store, home, { id, created });
  const { name, state } = run;
  if (json) terminal.print(JSON.stringify({ id, name, state }));
  else terminal.print(`${called(run)} is ${state === 'queued' ? 'queued; others go first' : state}; follow it with: workbench attach ${id}`);
}

/** The run when its training has begun, when it has ended before that, or when others go first. */
async function begun(store: Store, home: string, { id, created }: Pick<Watched, 'id' | 'created'>): Promise<RunRecord> {
  for (;;) {
    const run = store.run(id);
    const waits = run.state === 'queued' && store.runs().some(({ state }) => state === 'running' || state === 'paused');
    const preparing = run.state === 'queued' || (run.state === 'running' && run.total_steps === null);
    if (waits || !preparing) break;
    await wait(100);
  }
  throwIfRefused(store, home, { id, created });
  return store.run(id);
}
