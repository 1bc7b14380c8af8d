import { homeFolder } from '../config/home.js';
import { newRun } from '../runner/new-run.js';
import { openStore } from '../store/store.js';
import { loadExperiment } from './experiment.js';
import type { Terminal } from './terminal.js';
import { launch } from './watch.js';

interface Options {
  readonly set: readonly string[];
  readonly name?: string;
  readonly detach?: true;
  readonly json?: true;
  readonly bell?: true;
}

/** Runs an experiment in a process of its own, watched to its end or, with --detach, to its beginning. */
export async function train(terminal: Terminal, file: string, { set, name, detach, json, bell }: Options): Promise<void> {
  const config = await loadExperiment(file, { set, ...(name === undefined ? {} : { name }) }, terminal);
  const home = homeFolder(terminal.env);
  const store = openStore(home);
  try {
    const { id } = newRun(store, home, config);
    await launch(terminal, home, { store, id, detach: detach ?? false, json: json ?? false, bell: bell ?? false, created: true });
  } finally {
    store.close();
  }
}
