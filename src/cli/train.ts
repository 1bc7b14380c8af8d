import { setTimeout as wait } from 'node:timers/promises';
import { runName } from '../config/file.js';
import { homeFolder } from '../config/home.js';
import { startRun } from '../runner/client.js';
import { runForeground } from '../runner/foreground.js';
import type { RunRecord } from '../store/rows.js';
import { openStore, type Store } from '../store/store.js';
import { loadExperiment } from './experiment.js';
import { concludeRun, throwIfRefused } from './outcome.js';
import type { Terminal } from './terminal.js';
import { eventPrinter } from './view/printer.js';

interface Options {
  readonly set: readonly string[];
  readonly name?: string;
  readonly detach?: true;
  readonly json?: true;
}

/** Runs an experiment in a process of its own, watched to its end or, with --detach, to its beginning. */
export async function train(terminal: Terminal, file: string, { set, name, detach, json }: Options): Promise<void> {
  const config = loadExperiment(file, { set, ...(name === undefined ? {} : { name }) }, terminal.env);
  const home = homeFolder(terminal.env);
  const store = openStore(home);
  try {
    const { id } = store.createRun({ name: runName(config), config });
    if (detach) {
      await startRun(home, id);
      announce(terminal, await begun(store, id), json ?? false);
      return;
    }
    const printer = eventPrinter(terminal, json ?? false);
    const run = await runForeground(home, id, {
      onEvent: printer.show,
      onInterrupt(times) {
        if (times > 1) return;
        printer.end();
        terminal.note('workbench: stopping after this update, and saving; Ctrl-C again ends it at once');
      },
    });
    printer.end();
    throwIfRefused(store, id);
    process.exitCode = concludeRun(terminal, home, { run, store });
  } finally {
    store.close();
  }
}

/** The run when its training has begun, when it has ended before that, or when others go first. */
async function begun(store: Store, id: string): Promise<RunRecord> {
  for (;;) {
    const run = store.run(id);
    const waits = run.state === 'queued' && store.runs().some(({ state }) => state === 'running' || state === 'paused');
    const preparing = run.state === 'queued' || (run.state === 'running' && run.total_steps === null);
    if (waits || !preparing) break;
    await wait(100);
  }
  throwIfRefused(store, id);
  return store.run(id);
}

function announce(terminal: Terminal, run: RunRecord, json: boolean): void {
  const { id, name, state } = run;
  if (json) terminal.print(JSON.stringify({ id, name, state }));
  else terminal.print(`${name} (${id}) is ${state === 'queued' ? 'queued; others go first' : state}; follow it with: workbench attach ${id}`);
}
