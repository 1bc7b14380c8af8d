import { homeFolder } from '../config/home.js';
import { adoptRun, isRunFolder } from '../runner/adopt.js';
import { reconcile, workQueue } from '../runner/client.js';
import { resumeInterrupted } from '../runner/interrupted.js';
import { prepareResume } from '../runner/resume.js';
import { openStore } from '../store/store.js';
import { called } from '../ui/format/run.js';
import { clean } from '../ui/format/text.js';
import { UserError } from '../util/errors.js';
import { withAssignments } from './experiment.js';
import { onlyRun } from './reference.js';
import type { Terminal } from './terminal.js';
import { launch } from './watch.js';

interface Options {
  readonly set: readonly string[];
  readonly from?: number;
  readonly branch?: true;
  readonly interrupted?: true;
  readonly detach?: true;
  readonly json?: true;
  readonly bell?: true;
}

/** Goes on with a run that has ended, or whose folder is all that is left, watched as `train` does; with --branch in a new run. */
export async function resume(terminal: Terminal, reference: string | undefined, { set, from, branch, interrupted, detach, json, bell }: Options): Promise<void> {
  if (interrupted) return resumeAll(terminal, reference);
  if (reference === undefined) throw new UserError('say which run is to go on, or --interrupted for all that were cut off; `workbench runs` lists them');
  const home = homeFolder(terminal.env);
  reconcile(home);
  const store = openStore(home);
  try {
    const run = isRunFolder(reference) ? await adoptRun(store, home, reference) : onlyRun(store, reference);
    const config = withAssignments(run.config, set);
    const { id } = await prepareResume(store, home, { run, options: { config, from: from ?? null, branch: branch ?? false } });
    await launch(terminal, home, { store, id, detach: detach ?? false, json: json ?? false, bell: bell ?? false, created: branch ?? false });
  } finally {
    store.close();
  }
}

/** Puts all that were cut off in line. Throws a UserError for what goes with one run only. */
async function resumeAll(terminal: Terminal, reference: string | undefined): Promise<void> {
  if (reference !== undefined) throw new UserError('--interrupted is for all runs that were cut off: leave out the name, or the option');
  const home = homeFolder(terminal.env);
  reconcile(home);
  const store = openStore(home);
  try {
    const offers = await resumeInterrupted(store, home);
    if (offers.length === 0) return terminal.note('No run was cut off.');
    for (const { run, from, refused } of offers) {
      if (refused === null) terminal.print(`${called(run)} goes on from step ${from}; it was cut off at step ${run.step}: ${clean(run.reason ?? 'crashed')}`);
      else terminal.note(`workbench: ${called(run)} cannot go on: ${refused}`);
    }
    if (store.queue().length > 0) await workQueue(home);
  } finally {
    store.close();
  }
}
