/** The line of runs that wait for their turn. */
import { diffExperiments } from '../config/diff.js';
import type { Experiment } from '../config/schema.js';
import { isSearchFile } from '../config/search/file.js';
import { isWorkLeft, workQueue } from '../runner/client.js';
import { interruptedRuns } from '../runner/interrupted.js';
import { newRun } from '../runner/new-run.js';
import { prepareResume } from '../runner/resume.js';
import type { RunRecord } from '../store/rows.js';
import type { Store } from '../store/store.js';
import { called } from '../ui/format/run.js';
import { UserError } from '../util/errors.js';
import { loadExperiment } from './experiment.js';
import { eachReference, onlyRun } from './reference.js';
import type { Terminal } from './terminal.js';
import { table } from './view/table.js';
import { withStore } from './with-store.js';

interface AddOptions {
  readonly set: readonly string[];
  readonly parallel?: number;
}

/** Every file is read before the first is queued, so that a mistake in one leaves nothing half done. */
export async function add(terminal: Terminal, files: readonly string[], { set, parallel }: AddOptions): Promise<void> {
  const ready: ((store: Store, home: string) => string | Promise<string>)[] = [];
  for (const file of files) {
    if (isSearchFile(file)) {
      const { enqueueSearch, readySearch } = await import('./search.js');
      const search = await readySearch(terminal, file, set);
      ready.push((store, home) => enqueueSearch(store, home, search));
    } else {
      const config = await loadExperiment(file, { set }, terminal);
      ready.push((store, home) => enqueue(store, home, config));
    }
  }
  await withStore(terminal, async (store, home) => {
    for (const putInLine of ready) terminal.print(await putInLine(store, home));
    await work(store, home, parallel);
  });
}

export async function list(terminal: Terminal, { json }: { readonly json?: true }): Promise<void> {
  await withStore(terminal, (store) => {
    const live = store.runs().filter(({ state }) => state === 'running' || state === 'paused').map((run) => ({ place: 0, run }));
    const waiting = store.queue().map((id, index) => ({ place: index + 1, run: store.run(id) }));
    const rows = [...live, ...waiting];
    if (json) return terminal.json(rows.map(({ place, run: { id, name, state, step, total_steps } }) => ({ place, id, name, state, step, total_steps })));
    if (rows.length === 0) return terminal.note('Nothing runs and nothing waits; put experiments in line with: workbench queue add experiments/quickstart.yaml');
    const columns = [
      { title: 'place', value: ({ place }: (typeof rows)[number]) => (place === 0 ? '' : String(place)), right: true },
      { title: 'id', value: ({ run }: (typeof rows)[number]) => run.id },
      { title: 'name', value: ({ run }: (typeof rows)[number]) => run.name, shrink: true },
      { title: 'state', value: ({ run }: (typeof rows)[number]) => run.state },
      { title: 'step', value: ({ run }: (typeof rows)[number]) => (run.total_steps === null ? '' : `${run.step}/${run.total_steps}`), right: true },
    ];
    table(columns, rows, { style: terminal.style, width: terminal.tableWidth }).forEach(terminal.print);
  });
}

export async function move(terminal: Terminal, reference: string, place: number): Promise<void> {
  await withStore(terminal, (store) => {
    const run = onlyRun(store, reference);
    const { id } = run;
    store.moveInQueue(id, place);
    terminal.print(`${called(run)} is number ${store.queue().indexOf(id) + 1} of ${store.queue().length} now`);
  });
}

/** All or none. */
export async function remove(terminal: Terminal, references: readonly string[]): Promise<void> {
  await withStore(terminal, (store) => {
    const runs = eachReference(store, references).map((reference) => onlyRun(store, reference));
    const other = runs.find(({ id }) => !store.queue().includes(id));
    if (other) throw new UserError(`${called(other)} is not in the queue: it is ${other.state}`);
    for (const run of runs) {
      takeOut(store, run.id);
      terminal.print(`${called(run)} waits no more`);
    }
  });
}

export async function start(terminal: Terminal, { parallel }: { readonly parallel?: number }): Promise<void> {
  await withStore(terminal, async (store, home) => {
    const waiting = store.queue().length;
    await work(store, home, parallel);
    terminal.print(`${waiting} waited; ${store.parallel()} at once`);
    const cut = interruptedRuns(store).length;
    if (cut > 0) terminal.note(`${cut} ${cut === 1 ? 'run was' : 'runs were'} cut off; have ${cut === 1 ? 'it' : 'them'} go on with: workbench resume --interrupted`);
  });
}

/** Throws a UserError where it has begun meanwhile. */
export function takeOut(store: Store, id: string): void {
  if (store.cancel(id, 'taken out of the queue')) return;
  const run = store.run(id);
  throw new UserError(`${called(run)} is not in the queue: it is ${run.state}`);
}

/** Queues a run of an experiment, or what there is of one already. Returns what was done, in words. */
export async function enqueue(store: Store, home: string, config: Experiment): Promise<string> {
  const originals = store.originals();
  // What was asked for is what is in the file, even if a rate was changed live or a resume has extended it since.
  const isSame = (known: Experiment | undefined): boolean => known !== undefined && diffExperiments(known, config).length === 0;
  const same = store.runs().filter((run) => isSame(run.config) || isSame(originals.get(run.id)));
  const before = same.find(({ state }) => state === 'completed') ?? same.at(0);
  const run = before ?? newRun(store, home, config);
  const { id, step } = run;
  if (before?.state === 'completed') return `${called(run)} is complete: skipped`;
  if (before !== undefined && !hasEnded(before)) return `${called(run)} is ${before.state} already: skipped`;
  if (before !== undefined) await prepareResume(store, home, { run: before, options: { config: before.config, from: null, branch: false } });
  store.enqueue(id);
  return `${called(run)} is in line, number ${store.queue().length}${before === undefined ? '' : `; it goes on after step ${before.checkpoints.at(-1)?.step ?? 0} of the ${step} it did`}`;
}

function hasEnded({ state }: RunRecord): boolean {
  return state === 'stopped' || state === 'failed' || state === 'crashed' || state === 'completed';
}

async function work(store: Store, home: string, parallel: number | undefined): Promise<void> {
  if (parallel !== undefined) store.setParallel(parallel);
  if (isWorkLeft(store)) await workQueue(home);
}
