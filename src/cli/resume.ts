import { homeFolder } from '../config/home.js';
import { adoptRun, isRunFolder } from '../runner/adopt.js';
import { reconcile } from '../runner/client.js';
import { prepareResume } from '../runner/resume.js';
import { openStore } from '../store/store.js';
import { withAssignments } from './experiment.js';
import { onlyRun } from './reference.js';
import type { Terminal } from './terminal.js';
import { launch } from './watch.js';

interface Options {
  readonly set: readonly string[];
  readonly from?: number;
  readonly branch?: true;
  readonly detach?: true;
  readonly json?: true;
  readonly bell?: true;
}

/** Goes on with a run that has ended, or whose folder is all that is left, watched as `train` does; with --branch in a new run. */
export async function resume(terminal: Terminal, reference: string, { set, from, branch, detach, json, bell }: Options): Promise<void> {
  const home = homeFolder(terminal.env);
  reconcile(home);
  const store = openStore(home);
  try {
    const run = isRunFolder(reference) ? await adoptRun(store, home, reference) : onlyRun(store, reference);
    const config = withAssignments(run.config, set);
    const { id } = await prepareResume(store, home, { run, options: { config, from: from ?? null, branch: branch ?? false } });
    await launch(terminal, home, { store, id, detach: detach ?? false, json: json ?? false, bell: bell ?? false });
  } finally {
    store.close();
  }
}
