/** What a person may change about a run afterwards. */
import { runFolder } from '../store/folders.js';
import type { Store } from '../store/store.js';
import { isUnended } from '../store/rows.js';
import type { RunRecord } from '../store/rows.js';
import { called } from '../ui/format/run.js';
import { clean } from '../ui/format/text.js';
import { UserError } from '../util/errors.js';
import { counted, formatBytes } from '../util/format.js';
import { confirmed } from './confirm.js';
import { folderBytes } from './folder-bytes.js';
import { eachReference, onlyRun } from './reference.js';
import type { Terminal } from './terminal.js';
import { withStore } from './with-store.js';

/** More are counted, not named. */
const shownNames = 5;

/** Deletes all or none: every run is found, and found to be at rest, before the first goes. Asks, but for `yes`. */
export async function remove(terminal: Terminal, references: readonly string[], { yes }: { readonly yes?: true }): Promise<void> {
  await withStore(terminal, async (store, home) => {
    const ids = [...new Set(eachReference(store, references).map((reference) => onlyRun(store, reference).id))];
    const runs = ids.map((id) => store.run(id));
    refuseLive(runs);
    if (!yes && !(await confirmed(await removalQuestion(home, runs), `whether ${counted(runs.length, 'run')} may be deleted`))) return terminal.print('nothing was removed');
    removeRuns(store, runs);
    for (const run of runs) terminal.print(`removed ${called(run)}`);
  });
}

async function removalQuestion(home: string, runs: readonly RunRecord[]): Promise<string> {
  const sizes = await Promise.all(runs.map(({ id }) => folderBytes(runFolder(home, id))));
  const named = runs.length > shownNames ? '' : ` (${runs.map(({ name }) => clean(name)).join(', ')})`;
  return `remove ${counted(runs.length, 'run')}${named}, ${formatBytes(sizes.reduce((sum, bytes) => sum + bytes, 0))}? This cannot be undone.`;
}

/** All or none; throws a UserError where one is not at rest. */
export function removeRuns(store: Store, runs: readonly RunRecord[]): void {
  refuseLive(runs);
  for (const { id } of runs) store.remove(id);
}

function refuseLive(runs: readonly RunRecord[]): void {
  const live = runs.find(isUnended);
  if (live) throw new UserError(`${called(live)} is ${live.state}; end it first: workbench stop ${live.id}`);
}

/** A tag that starts with a minus is taken away. */
export async function tag(terminal: Terminal, reference: string, tags: readonly string[]): Promise<void> {
  await change(terminal, reference, (store, run) => {
    const remove = tags.filter((word) => word.startsWith('-')).map((word) => word.slice(1));
    store.tag(run.id, { add: tags.filter((word) => !word.startsWith('-')), remove });
    return `tags of ${clean(run.name)}: ${clean(store.run(run.id).tags.join(' ')) || 'none'}`;
  });
}

export async function rename(terminal: Terminal, reference: string, name: string): Promise<void> {
  await change(terminal, reference, (store, run) => {
    renameRun(store, run, name);
    return `${called(run)} is ${name} now`;
  });
}

/** Throws a UserError where another run bears the name. */
export function renameRun(store: Store, run: RunRecord, name: string): void {
  const bearer = store.runs().find((other) => other.name === name.trim() && other.id !== run.id);
  if (bearer) throw new UserError(`there is a run ${name} already (${bearer.id}): choose another name`);
  store.rename(run.id, name);
}

/** Takes runs out of the lists, or back into them; nothing is deleted. */
export async function archive(terminal: Terminal, references: readonly string[], { undo }: { readonly undo?: true }): Promise<void> {
  await withStore(terminal, (store) => {
    for (const run of eachReference(store, references).map((reference) => onlyRun(store, reference))) {
      store.archive(run.id, undo === undefined);
      terminal.print(`${called(run)} is ${undo ? 'in the list again' : 'archived: --archived lists it'}`);
    }
  });
}

export async function note(terminal: Terminal, reference: string, text: string): Promise<void> {
  await change(terminal, reference, (store, run) => {
    store.note(run.id, text);
    return text === '' ? `${clean(run.name)} has no note now` : `noted with ${clean(run.name)}`;
  });
}

/** Does something to one run and prints the sentence that says what. */
async function change(terminal: Terminal, reference: string, act: (store: Store, run: RunRecord) => string): Promise<void> {
  await withStore(terminal, (store) => terminal.print(act(store, onlyRun(store, reference))));
}
