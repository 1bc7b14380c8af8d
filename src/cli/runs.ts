import { homeFolder } from '../config/home.js';
import { reconcile } from '../runner/client.js';
import { openReader } from '../store/reader.js';
import { filterRuns, sortRuns } from '../store/query.js';
import type { Terminal } from './terminal.js';
import { canGoOn, runsTable } from './view/runs.js';

interface Options {
  readonly filter?: string;
  readonly sort?: string;
  readonly archived?: true;
  readonly json?: true;
}

/** Lists the runs that meet a query, in an order; those that were archived only where they are asked for. */
export async function runs(terminal: Terminal, { filter, sort, archived, json }: Options): Promise<void> {
  const home = homeFolder(terminal.env);
  reconcile(home);
  const reader = openReader(home);
  try {
    const found = filterRuns(reader.runs().filter((run) => archived || !run.archived), filter ?? '');
    const sorted = sort === undefined ? found : sortRuns(found, sort);
    if (json) terminal.json(sorted);
    else if (sorted.length > 0) {
      runsTable(sorted, { now: Date.now(), style: terminal.style, width: terminal.tableWidth }).forEach(terminal.print);
      if (sorted.some(canGoOn)) terminal.note(`${terminal.style.glyphs.right} has a whole checkpoint: workbench resume <run> goes on from it`);
    }
    else terminal.note(filter === undefined ? 'There are no runs yet; start one with: workbench train experiments/quickstart.yaml' : `No run meets ${filter}.`);
  } finally {
    reader.close();
  }
}
