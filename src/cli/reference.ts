/** What is meant by a name that several runs bear, or by a word that stands for runs. */
import { isUnended, type RunRecord, type StoreReader } from '../store/rows.js';
import { UserError } from '../util/errors.js';
import type { Terminal } from './terminal.js';

const shownIds = 5;

/** Words for runs that have no need to be named, anywhere. */
export const standIns: Readonly<Record<'@live' | '@last', { readonly note: string; readonly find: (store: StoreReader) => readonly RunRecord[] }>> = {
  '@live': { note: 'runs that go on or wait', find: (store) => store.runs().filter(isUnended) },
  '@last': { note: 'the newest run', find: (store) => store.runs().slice(0, 1) },
};

/** The run to look at: of several of one name the newest, which is said on stderr. Throws a UserError where there is none. */
export function newestRun(terminal: Terminal, store: StoreReader, reference: string): RunRecord {
  const [run, ...others] = meant(store, reference);
  if (others.length > 0) terminal.note(`workbench: ${others.length + 1} runs are ${isStandIn(reference) ? '' : 'named '}${reference}; this is the newest, ${run.id} (the others: ${idsOf(others)})`);
  return run;
}

/** The run to change: throws a UserError where a name does not say which. */
export function onlyRun(store: StoreReader, reference: string): RunRecord {
  const [run, ...others] = meant(store, reference);
  if (others.length > 0) throw new UserError(`${others.length + 1} runs are ${isStandIn(reference) ? '' : 'named '}${reference} (${idsOf([run, ...others])}): give the id of the one you mean`);
  return run;
}

/** References to runs, each to one: words that stand for several are replaced by their ids. */
export function eachReference(store: StoreReader, references: readonly string[]): string[] {
  return references.flatMap((reference) => (isStandIn(reference) ? meant(store, reference).map(({ id }) => id) : [reference]));
}

/** Newest first: the run found, and others of its name. */
function meant(store: StoreReader, reference: string): RunRecord[] {
  if (isStandIn(reference)) {
    const found = standIns[reference].find(store);
    if (found.length === 0) throw new UserError(`${reference} stands for no run: there is none`);
    return [...found];
  }
  if (reference === '@marked' || reference === '@current') throw new UserError(`${reference} is a run of the screen's: in a shell give an id, a name, @live or @last`);
  const run = store.run(reference);
  if (run.name !== reference || run.id === reference) return [run];
  return [run, ...store.runs().filter(({ id, name }) => name === reference && id !== run.id)];
}

function isStandIn(reference: string): reference is keyof typeof standIns {
  return Object.hasOwn(standIns, reference);
}

function idsOf(runs: readonly RunRecord[]): string {
  return [...runs.slice(0, shownIds).map(({ id }) => id), ...(runs.length > shownIds ? ['…'] : [])].join(', ');
}
