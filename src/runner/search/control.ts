/** What commands may ask about searches. */
import { rmSync } from 'node:fs';
import type { SearchPlan } from '../../config/search/plan.js';
import type { Trial } from '../../config/search/trials.js';
import { withRecipeHash } from '../../config/file.js';
import { runFolder } from '../../store/folders.js';
import { isUnended, type SearchRecord, type StoreReader } from '../../store/rows.js';
import type { Store } from '../../store/store.js';
import { messageOf, UserError } from '../../util/errors.js';
import { counted } from '../../util/format.js';
import { control } from '../client.js';
import { checkUnchanged, copyModule } from '../module.js';
import { firstFree } from '../new-run.js';
import { bestTag, stoppedWithSearch } from './advance.js';

/**
 * Puts a run for each trial in line, or none. The search has its name or, where that would be mistaken for something else, the first
 * free one of `name-2`, `name-3`, …. The caller has the queue worked on. Throws a UserError for a module that has changed.
 */
export function createSearch(store: Store, home: string, { name: wanted, plan, trials }: { readonly name: string; readonly plan: SearchPlan; readonly trials: readonly Trial[] }): SearchRecord {
  const { recipe } = withRecipeHash(trials[0].config); // a search tries no other module
  checkUnchanged(recipe);
  const name = unusedSearchName(store, wanted, trials.length);
  const runNames = runNamesOf(name, trials.length);
  const named = trials.map(({ config, parameters }, i) => ({ name: runNames[i], config: { ...config, recipe, name: runNames[i] }, parameters }));
  const folders: string[] = [];
  try {
    return store.createSearch({ name, plan, trials: named }, ({ id }) => {
      folders.push(runFolder(home, id));
      copyModule(recipe, runFolder(home, id));
    });
  } catch (error) {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** The name is a tag of its runs, and the beginning of their names: neither may be those of others, a search that was forgotten among them. */
function unusedSearchName(store: StoreReader, name: string, trials: number): string {
  const runs = store.runs();
  const taken = new Set([bestTag, ...store.searchStates().keys(), ...runs.flatMap((run) => [run.name, ...run.tags])]);
  return firstFree(name, (each) => [each, ...runNamesOf(each, trials)].every((word) => !taken.has(word)));
}

/** `s-01` to `s-12`. */
function runNamesOf(search: string, trials: number): string[] {
  const digits = String(trials).length;
  return Array.from({ length: trials }, (_, i) => `${search}-${String(i + 1).padStart(digits, '0')}`);
}

/**
 * Takes its trials out of the line and asks those that run to stop; what they have saved stays. Throws a UserError when it is not
 * running, and, where it is stopped all the same, for trials that could not be asked.
 */
export async function stopSearch(store: Store, home: string, name: string): Promise<void> {
  const { state, trials } = store.search(name);
  if (!store.setSearchState(name, { state: 'stopped', from: 'running', reason: 'stopped by the user' })) throw new UserError(`the search "${name}" is ${state}: there is nothing to stop`);
  const runs = trials.flatMap(({ run }) => (run === null || store.cancel(run, stoppedWithSearch) || !isUnended(store.run(run)) ? [] : [run]));
  const refusals = (await Promise.all(runs.map((run) => stopRun(store, home, run)))).filter((refusal) => refusal !== null);
  if (refusals.length > 0) throw new UserError(`the search "${name}" is stopped, but for ${counted(refusals.length, 'trial')}: ${refusals.join('; ')}`);
}

/** Resolves with why it cannot be asked; null where it was, or has ended meanwhile. */
async function stopRun(store: Store, home: string, run: string): Promise<string | null> {
  try {
    await control(home, run, 'stop');
    return null;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return isUnended(store.run(run)) ? messageOf(error) : null;
  }
}

/** Has a stopped search go on, its trials from where they are. The caller has the queue worked on. Throws a UserError when it was not stopped. */
export function resumeSearch(store: Store, name: string): void {
  const { state } = store.search(name);
  if (!store.setSearchState(name, { state: 'running', from: 'stopped', reason: null })) throw new UserError(`the search "${name}" is ${state}: only one that was stopped can go on`);
}
