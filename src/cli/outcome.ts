/** What the end of a run means for the command that watched it. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runFolder } from '../store/folders.js';
import type { RunRecord, StoreReader } from '../store/rows.js';
import type { Store } from '../store/store.js';
import { stopReasons } from '../trainer/events.js';
import { called } from '../ui/format/run.js';
import { unreachable, UserError } from '../util/errors.js';
import { exit, type ExitCode, type Terminal } from './terminal.js';
import { canGoOn } from './view/runs.js';

/**
 * Throws the reason of a run that the user must change before it can begin. The record of one that the caller has just `created`
 * is forgotten, so that a mistyped file leaves nothing behind; what was there before, or holds a checkpoint, is never deleted.
 */
export function throwIfRefused(store: Store, home: string, { id, created }: { readonly id: string; readonly created: boolean }): void {
  const run = store.run(id);
  if (run.state !== 'failed' || run.total_steps !== null || !failedByUser(store, id)) return;
  if (created && !holdsCheckpoints(join(runFolder(home, id), 'checkpoints'))) store.remove(id);
  throw new UserError(run.reason ?? 'the run could not begin');
}

/** Says on stderr what went wrong, if it did, and gives the exit code. */
export function concludeRun(terminal: Terminal, home: string, { run, store }: { readonly run: RunRecord; readonly store: StoreReader }): ExitCode {
  const reason = run.reason ?? run.state;
  switch (run.state) {
    case 'completed':
      return exit.done;
    case 'stopped':
      if (canGoOn(run)) terminal.note(`workbench: ${wayOn(run)}`);
      return reason === stopReasons.planned ? exit.done : exit.interrupted;
    case 'failed':
      terminal.note(`workbench: ${reason}`);
      if (failedByUser(store, run.id) && !hadBegun(store, run.id)) return exit.user;
      if (canGoOn(run)) terminal.note(`workbench: ${wayOn(run)}`);
      if (failedByUser(store, run.id)) return exit.failed;
      terminal.note(`workbench: this is a bug; please report it with ${join(runFolder(home, run.id), 'run.log')}`);
      return exit.failed;
    case 'crashed':
      terminal.note(`workbench: ${called(run)} crashed: ${reason}; ${wayOn(run)}`);
      return exit.failed;
    case 'queued':
    case 'running':
    case 'paused':
      throw new Error(`${run.id} is ${run.state} after its end`);
    default:
      return unreachable(run.state);
  }
}

/** What a run that was cut short begins with when it is resumed, and the command. */
export function wayOn({ id, checkpoints }: RunRecord): string {
  const whole = checkpoints.findLast(({ valid }) => valid);
  return whole === undefined ? `it has saved nothing; it begins again with: workbench resume ${id}` : `it goes on from step ${whole.step} with: workbench resume ${id}`;
}

/** Even one that is not whole: it may be all that is left. */
function holdsCheckpoints(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).length > 0;
}

function failedByUser(store: StoreReader, id: string): boolean {
  return store.history(id).findLast(({ type }) => type === 'failed')?.details['user'] === true;
}

/** Whether its last part got as far as training: what fails then is no mistake in what was typed. */
function hadBegun(store: StoreReader, id: string): boolean {
  const parts = store.history(id).map(({ type }) => type).filter((type) => type === 'started' || type === 'completed' || type === 'stopped' || type === 'failed');
  return parts.at(-2) === 'started';
}
