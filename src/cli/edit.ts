/** What a person may change about a run afterwards. */
import { homeFolder } from '../config/home.js';
import { openStore, type Store } from '../store/store.js';
import { isUnended } from '../store/rows.js';
import type { RunRecord } from '../store/rows.js';
import { UserError } from '../util/errors.js';
import { onlyRun } from './reference.js';
import type { Terminal } from './terminal.js';

/** Deletes all or none: every run is found, and found to be at rest, before the first goes. */
export async function remove(terminal: Terminal, references: readonly string[]): Promise<void> {
  withStore(terminal, (store) => {
    const runs = references.map((reference) => onlyRun(store, reference));
    removeRuns(store, runs);
    for (const { name, id } of runs) terminal.print(`removed ${name} (${id})`);
  });
}

/** All or none; throws a UserError where one is not at rest. */
export function removeRuns(store: Store, runs: readonly RunRecord[]): void {
  const live = runs.find(isUnended);
  if (live) throw new UserError(`${live.name} (${live.id}) is ${live.state}; end it first: workbench stop ${live.id}`);
  for (const { id } of runs) store.remove(id);
}

/** A tag that starts with a minus is taken away. */
export async function tag(terminal: Terminal, reference: string, tags: readonly string[]): Promise<void> {
  change(terminal, reference, (store, run) => {
    const remove = tags.filter((word) => word.startsWith('-')).map((word) => word.slice(1));
    store.tag(run.id, { add: tags.filter((word) => !word.startsWith('-')), remove });
    return `tags of ${run.name}: ${store.run(run.id).tags.join(' ') || 'none'}`;
  });
}

export async function rename(terminal: Terminal, reference: string, name: string): Promise<void> {
  change(terminal, reference, (store, run) => {
    renameRun(store, run, name);
    return `${run.name} (${run.id}) is ${name} now`;
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
  withStore(terminal, (store) => {
    for (const run of references.map((reference) => onlyRun(store, reference))) {
      store.archive(run.id, undo === undefined);
      terminal.print(`${run.name} (${run.id}) is ${undo ? 'in the list again' : 'archived: --archived lists it'}`);
    }
  });
}

export async function note(terminal: Terminal, reference: string, text: string): Promise<void> {
  change(terminal, reference, (store, run) => {
    store.note(run.id, text);
    return text === '' ? `${run.name} has no note now` : `noted with ${run.name}`;
  });
}

/** Does something to one run and prints the sentence that says what. */
function change(terminal: Terminal, reference: string, act: (store: Store, run: RunRecord) => string): void {
  withStore(terminal, (store) => terminal.print(act(store, onlyRun(store, reference))));
}

function withStore(terminal: Terminal, act: (store: Store) => void): void {
  const store = openStore(homeFolder(terminal.env));
  try {
    act(store);
  } finally {
    store.close();
  }
}
