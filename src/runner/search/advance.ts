/** One look at the searches that are running: decides the rungs that are complete, and has trials go on. All it knows is in the store. */
import { withValues } from '../../config/keys.js';
import { isUnended, type SearchRecord, type TrialChange, type TrialRecord } from '../../store/rows.js';
import type { Store } from '../../store/store.js';
import { messageOf, UserError } from '../../util/errors.js';
import { prepareResume } from '../resume.js';
import { decide, type Standing } from './halving.js';
import { standingOf, type TrialStanding } from './standing.js';

/** The tag of the run that has won, beside that of its search. */
export const bestTag = 'best';

/** Why a trial that waited has not begun. */
export const stoppedWithSearch = 'its search was stopped';

export interface Advance {
  /** Whether a search is not over: somebody has to look again. */
  readonly open: boolean;
  /** What happened, in words. */
  readonly told: readonly string[];
  /** The searches that have ended just now, each with the run of its best trial: told to one caller alone. */
  readonly ended: readonly Ended[];
}

interface Ended {
  readonly name: string;
  readonly best: string | null;
}

/** May be called at any time, again and again, by one process a home. */
export async function advanceSearches(store: Store, home: string): Promise<Advance> {
  const steps: Omit<Advance, 'open'>[] = [];
  for (const { name, state } of store.searches()) if (state === 'running') steps.push(await advance(store, home, name));
  return { open: store.searches().some(({ state }) => state === 'running'), told: steps.flatMap(({ told }) => told), ended: steps.flatMap(({ ended }) => ended) };
}

async function advance(store: Store, home: string, name: string): Promise<Omit<Advance, 'open'>> {
  const { changes, end } = decideRung(store, store.search(name));
  if (changes.length > 0 && !store.changeTrials(name, changes)) return { told: [], ended: [] };
  const told = changes.flatMap(({ number, lost, rung }) => (lost !== undefined ? [`${name}: trial ${number} is out: ${lost}`] : rung !== undefined ? [`${name}: trial ${number} goes on`] : []));
  if (end !== null) return endSearch(store, name, { ...end, told });
  const search = store.search(name);
  // Each goes before all that waits: the last first, so that their order stays.
  for (const trial of search.trials.filter((each) => standingOf(store, search.plan, each).state === 'idle').reverse()) {
    await goOn(store, home, { search, trial });
    if (store.search(name).state !== 'running' && trial.run !== null) store.cancel(trial.run, stoppedWithSearch);
  }
  return { told, ended: [] };
}

interface Decided {
  readonly changes: readonly TrialChange[];
  /** The number of the best trial when the search is over, null where none is left; `end` itself is null while it is not. */
  readonly end: { readonly best: number | null } | null;
}

/** The rung at which all trials are that are not out; who lost an earlier one stays at that. */
function decideRung(store: Store, { plan, trials }: SearchRecord): Decided {
  const rung = Math.max(...trials.map((trial) => trial.rung));
  const last = rung === plan.rungs.length;
  const entered = trials.filter((trial) => trial.rung === rung).map((trial) => ({ trial, standing: standingOf(store, plan, trial) }));
  const news = entered.flatMap(({ trial, standing }) => newsOf(trial, standing));
  const ranking = decide(entered.map(({ trial: { number }, standing }) => toStanding(number, standing)), { metric: plan.metric, keep: plan.keep, last });
  if (ranking === null) return { changes: news, end: null };
  const { winners, losers, unmeasured } = ranking;
  const at = last ? 'at the end' : `at update ${plan.rungs[rung]}`;
  const changes = [
    ...news,
    ...unmeasured.map((number) => ({ number, lost: `its ${plan.metric} is no number ${at}` })),
    ...(last ? [] : losers.map(({ number, place }) => ({ number, lost: `${place} ${at}` }))),
    ...(last ? [] : winners.map((number) => ({ number, rung: rung + 1 }))),
  ];
  return { changes, end: last || winners.length === 0 ? { best: winners.at(0) ?? null } : null };
}

function toStanding(number: number, standing: TrialStanding): Standing {
  switch (standing.state) {
    case 'reached':
      return { number, state: 'reached', value: standing.value };
    case 'lost':
      return { number, state: 'lost' };
    case 'busy':
    case 'idle':
      return { number, state: 'open' };
    default:
      return standing satisfies never;
  }
}

/** What the record of a trial lacks. */
function newsOf({ number, rung, lost, measured }: TrialRecord, standing: TrialStanding): TrialChange[] {
  if (standing.state === 'lost') return lost === null ? [{ number, lost: standing.reason }] : [];
  if (standing.state !== 'reached' || measured.length > rung) return [];
  return [{ number, measured: [...measured, standing.value] }];
}

/** Has a trial at rest train to the rung that it may. One that cannot is out. */
export async function goOn(store: Store, home: string, { search: { name, plan }, trial: { number, run: id, rung } }: { readonly search: SearchRecord; readonly trial: TrialRecord }): Promise<void> {
  if (id === null) return;
  const run = store.run(id);
  try {
    await prepareResume(store, home, { run, options: { config: withValues(run.config, { 'train.stop_at': plan.rungs[rung] ?? null }), from: null, branch: false } });
    store.enqueueFirst(id);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // Else somebody has resumed it just now.
    if (!isUnended(store.run(id))) store.changeTrials(name, [{ number, lost: `it could not go on: ${messageOf(error)}` }]);
  }
}

function endSearch(store: Store, name: string, { best, told }: { readonly best: number | null; readonly told: readonly string[] }): Omit<Advance, 'open'> {
  const state = best === null ? 'failed' : 'completed';
  if (!store.setSearchState(name, { state, from: 'running', reason: best === null ? 'no trial is left' : null })) return { told, ended: [] };
  const run = store.search(name).trials.find(({ number }) => number === best)?.run ?? null;
  if (run !== null) store.tag(run, { add: [bestTag] });
  return { told: [...told, `${name}: ${best === null ? 'no trial is left' : `trial ${best} is the best`}`], ended: [{ name, best: run }] };
}
