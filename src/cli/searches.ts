/** The searches there are, and what may be asked of one. */
import { isWorkedOn, workQueue } from '../runner/client.js';
import { bestTrial } from '../runner/search/ranking.js';
import { resumeSearch, stopSearch } from '../runner/search/control.js';
import type { SearchRecord } from '../store/rows.js';
import { progressText } from '../ui/format/search.js';
import { UserError } from '../util/errors.js';
import { followSearch, runsOf } from './follow-search.js';
import type { Terminal } from './terminal.js';
import { bestCommand, searchLines, searchTone, withBest } from './view/search.js';
import { table, type Column } from './view/table.js';
import { withStore } from './with-store.js';

export async function list(terminal: Terminal, { json }: { readonly json?: true }): Promise<void> {
  await withStore(terminal, async (store, home) => {
    const searches = store.searches();
    if (json) return terminal.json(searches.map(withBest));
    if (searches.length === 0) return terminal.note('There are no searches yet; begin one with: workbench search experiments/search.yaml');
    const columns: Column<SearchRecord>[] = [
      { title: 'name', value: ({ name }) => name, shrink: true },
      { title: 'state', value: ({ state }) => state, tone: ({ state }) => searchTone[state] },
      { title: 'trials', value: ({ trials }) => String(trials.length), right: true },
      { title: 'progress', value: progressText, shrink: true },
      { title: 'best', value: (search) => bestTrial(search)?.name ?? '', shrink: true },
      { title: 'metric', value: ({ plan }) => plan.metric },
    ];
    table(columns, searches, { style: terminal.style, width: terminal.tableWidth }).forEach((line) => terminal.print(line));
    await noteIdle(terminal, home, searches);
  });
}

/** The trials, best first, and the command of the best. */
export async function show(terminal: Terminal, name: string, { json, follow }: { readonly json?: true; readonly follow?: true }): Promise<void> {
  await withStore(terminal, async (store, home) => {
    const search = store.search(name);
    if (follow && search.state === 'running') {
      await workQueue(home);
      process.exitCode = await followSearch(terminal, home, { store, name, json: json ?? false });
      return;
    }
    if (json) return terminal.json(withBest(search));
    searchLines(search, { style: terminal.style, width: terminal.tableWidth, runOf: runsOf(store) }).forEach((line) => terminal.print(line));
    const command = bestCommand(search);
    if (command !== null) terminal.print(`\n${search.state === 'completed' ? 'the best' : 'the best so far'}: ${command}`);
    await noteIdle(terminal, home, [search]);
  });
}

export async function stop(terminal: Terminal, name: string): Promise<void> {
  await withStore(terminal, async (store, home) => {
    await stopSearch(store, home, name);
    terminal.print(`${name} is stopped: its trials keep what they have; it goes on with: workbench search resume ${name}`);
  });
}

export async function resume(terminal: Terminal, name: string): Promise<void> {
  await withStore(terminal, async (store, home) => {
    resumeSearch(store, name);
    await workQueue(home);
    terminal.print(`${name} goes on; see it with: workbench search show ${name} --follow`);
  });
}

/** Its runs stay: they are runs like others, and go with `workbench rm`. */
export async function remove(terminal: Terminal, name: string): Promise<void> {
  await withStore(terminal, (store) => {
    const { state } = store.search(name);
    if (state === 'running') throw new UserError(`the search "${name}" is running: stop it first, with workbench search stop ${name}`);
    store.removeSearch(name);
    terminal.print(`${name} is forgotten; its runs stay: workbench runs --filter tag:${name}`);
  });
}

/** A search goes on where the supervisor is, which a restart of the machine or a kill takes away. */
async function noteIdle(terminal: Terminal, home: string, searches: readonly SearchRecord[]): Promise<void> {
  if (searches.some(({ state }) => state === 'running') && !(await isWorkedOn(home))) terminal.note('workbench: nobody works through the queue: workbench queue start');
}
