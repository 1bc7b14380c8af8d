/** What commands may ask about searches. */
import type { SearchPlan } from '../../config/search/plan.js';
import type { Trial } from '../../config/search/trials.js';
import { withRecipeHash } from '../../config/file.js';
import { runFolder } from '../../store/folders.js';
import { isUnended, type SearchRecord } from '../../store/rows.js';
import type { Store } from '../../store/store.js';
import { UserError } from '../../util/errors.js';
import { control } from '../client.js';
import { keepModule } from '../module.js';
import { goOn, stoppedWithSearch } from './advance.js';
import { standingOf } from './standing.js';

/** Puts a run for each trial in line, or none. The caller has the queue worked on. Throws a UserError where there is a search of that name. */
export function createSearch(store: Store, home: string, { name, plan, trials }: { readonly name: string; readonly plan: SearchPlan; readonly trials: readonly Trial[] }): SearchRecord {
  const digits = String(trials.length).length;
  const named = trials.map(({ config, parameters }, i) => {
    const run = `${name}-${String(i + 1).padStart(digits, '0')}`;
    return { name: run, config: { ...withRecipeHash(config), name: run }, parameters };
  });
  return store.createSearch({ name, plan, trials: named }, (run) => void keepModule(run.config, () => ({ run, folder: runFolder(home, run.id) })));
}

/** Takes its trials out of the line and stops those that run; what they have saved stays. Throws a UserError when it is not running. */
export async function stopSearch(store: Store, home: string, name: string): Promise<void> {
  const { state, trials } = store.search(name);
  if (!store.setSearchState(name, { state: 'stopped', from: 'running', reason: 'stopped by the user' })) throw new UserError(`the search "${name}" is ${state}: there is nothing to stop`);
  for (const { run: id } of trials) {
    if (id === null || store.cancel(id, stoppedWithSearch) || !isUnended(store.run(id))) continue;
    await control(home, id, 'stop').catch((error: unknown) => {
      if (!(error instanceof UserError)) throw error; // it has ended meanwhile
    });
  }
}

/** Has a stopped search go on: its trials that were on their way begin again where they are. Throws a UserError when it was not stopped. */
export async function resumeSearch(store: Store, home: string, name: string): Promise<void> {
  const search = store.search(name);
  if (search.state !== 'stopped') throw new UserError(`the search "${name}" is ${search.state}: only one that was stopped can go on`);
  const waiting = search.trials.filter((trial) => trial.lost === null && trial.run !== null && !isUnended(store.run(trial.run)) && standingOf(store, search.plan, trial).state !== 'reached');
  for (const trial of waiting.reverse()) await goOn(store, home, { search, trial });
  store.setSearchState(name, { state: 'running', from: 'stopped', reason: null });
}
