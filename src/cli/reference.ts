/** What is meant by a name that several runs bear. */
import type { RunRecord, StoreReader } from '../store/rows.js';
import { UserError } from '../util/errors.js';
import type { Terminal } from './terminal.js';

const shownIds = 5;

/** The run to look at: of several of one name the newest, which is said on stderr. Throws a UserError where there is none. */
export function newestRun(terminal: Terminal, store: StoreReader, reference: string): RunRecord {
  const run = store.run(reference);
  const others = namesakes(store, run, reference);
  if (others.length > 0) terminal.note(`workbench: ${others.length + 1} runs are named ${reference}; this is the newest, ${run.id} (the others: ${idsOf(others)})`);
  return run;
}

/** The run to change: throws a UserError where a name does not say which. */
export function onlyRun(store: StoreReader, reference: string): RunRecord {
  const run = store.run(reference);
  const others = namesakes(store, run, reference);
  if (others.length > 0) throw new UserError(`${others.length + 1} runs are named ${reference} (${idsOf([run, ...others])}): give the id of the one you mean`);
  return run;
}

/** The other runs of a name; none where the run was found by its id. */
function namesakes(store: StoreReader, found: RunRecord, reference: string): RunRecord[] {
  if (found.name !== reference || found.id === reference) return [];
  return store.runs().filter(({ id, name }) => name === reference && id !== found.id);
}

function idsOf(runs: readonly RunRecord[]): string {
  return [...runs.slice(0, shownIds).map(({ id }) => id), ...(runs.length > shownIds ? ['…'] : [])].join(', ');
}
