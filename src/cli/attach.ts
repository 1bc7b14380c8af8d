import { setTimeout as wait } from 'node:timers/promises';
import { homeFolder } from '../config/home.js';
import { reconcile } from '../runner/client.js';
import { openReader } from '../store/reader.js';
import { isUnended } from '../store/rows.js';
import type { RunRecord } from '../store/rows.js';
import { called } from '../ui/format/run.js';
import { UserError } from '../util/errors.js';
import { Follower } from './follow.js';
import { concludeRun } from './outcome.js';
import { newestRun } from './reference.js';
import { exit, ring, type Terminal } from './terminal.js';
import { eventPrinter } from './view/printer.js';

const pollMilliseconds = 150;
/** How often it is asked whether the run still has a process: what dies without a word changes no record. */
const checkMilliseconds = 1000;

/** Prints where a live run stands, and what it says until it ends or Ctrl-C is pressed; the run does not notice. */
export async function attach(terminal: Terminal, reference: string, { json, bell }: { readonly json?: true; readonly bell?: true }): Promise<void> {
  const home = homeFolder(terminal.env);
  reconcile(home);
  const reader = openReader(home);
  const leaving = new AbortController();
  const leave = () => leaving.abort();
  process.on('SIGINT', leave).on('SIGTERM', leave);
  try {
    const first = newestRun(terminal, reader, reference);
    if (isOver(first)) throw new UserError(`${called(first)} is ${first.state}; see it with: workbench show ${first.id}`);
    if (first.state === 'queued') terminal.note(`workbench: ${called(first)} waits for its turn`);
    const printer = eventPrinter(terminal, { run: first, json: json ?? false });
    const follower = new Follower(reader, first.id);
    let run = first;
    let checked = performance.now();
    while (!isOver(run) && !leaving.signal.aborted) {
      if (performance.now() - checked > checkMilliseconds) {
        reconcile(home);
        checked = performance.now();
      }
      run = reader.run(first.id);
      // Read after the state: an end that is seen has all its events in the store.
      for (const { event, time } of follower.news()) printer.show(event, time);
      if (!isOver(run)) await wait(pollMilliseconds, undefined, { signal: leaving.signal }).catch(() => undefined);
    }
    printer.end();
    if (bell && isOver(run)) ring();
    process.exitCode = isOver(run) ? concludeRun(terminal, home, { run, store: reader }) : exit.interrupted;
  } finally {
    process.off('SIGINT', leave).off('SIGTERM', leave);
    reader.close();
  }
}

function isOver({ state }: RunRecord): boolean {
  return !isUnended({ state });
}
