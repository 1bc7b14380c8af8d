/** A look at the searches that are running: decides the rungs that are complete, and has trials go on. All it knows is in the store. */
import { withValues } from '../../config/keys.js';
import { isUnended, type SearchRecord, type StoreReader, type TrialChange, type TrialRecord, type TrialRun } from '../../store/rows.js';
import { StoreTrouble, type Store } from '../../store/store.js';
import { messageOf, UserError } from '../../util/errors.js';
import { prepareResume } from '../resume.js';
import { decide, type Standing } from './halving.js';
import { standingOf, type TrialStanding } from './standing.js';

/** The tag of the run that has won, beside that of its search. */
export const bestTag = 'best';

/** Why a trial that waited has not begun. */
export const stoppedWithSearch = 'its search was stopped';

export interface Look {
  /** Whether a search is not over: somebody has to look again. */
  readonly open: boolean;
  /** What happened, in words. */
  readonly told: readonly string[];
}

/** Whether a search is not over. */
export function isSearchOpen(store: StoreReader): boolean {
  return [...store.searchStates().values()].includes('running');
}

/** The searches of a home, for the one process that looks after them. What goes wrong with one is told, tried again, and stops nothing else. */
export class Searches {
  readonly #store: Store;
  readonly #home: string;
  /** The version of the store at the last look, if a look at the same could find nothing else. */
  #seen: number | null = null;
  /** What has gone wrong and may go well the next time, by what was tried: told once. */
  readonly #troubles = new Map<string, string>();

  constructor(store: Store, home: string) {
    this.#store = store;
    this.#home = home;
  }

  /** May be called at any time, again and again: where nobody has written since, it costs nothing. */
  async look(): Promise<Look> {
    const version = this.#store.version();
    const told: string[] = [];
    if (version !== this.#seen) {
      this.#seen = version;
      for (const [name, state] of this.#store.searchStates()) if (state === 'running') await this.#attempt(name, told, () => this.#advance(name, told));
    }
    return { open: isSearchOpen(this.#store), told };
  }

  async #advance(name: string, told: string[]): Promise<void> {
    const { idle, leaving, ...step } = decideRung(this.#store, name);
    told.push(...step.told);
    if (leaving) this.#seen = null;
    // Each goes before all that waits: the last first, so that their order stays.
    for (const trial of idle.reverse()) await this.#attempt(`${name}: trial ${trial.number}`, told, () => goOn(this.#store, this.#home, trial));
  }

  async #attempt(what: string, told: string[], work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#troubles.delete(what);
    } catch (error) {
      this.#seen = null;
      if (this.#troubles.get(what) !== messageOf(error)) told.push(`${what} is tried again: ${messageOf(error)}`);
      this.#troubles.set(what, messageOf(error));
    }
  }
}

/** A trial at rest that has to go on. */
interface Idle extends Pick<SearchRecord, 'name' | 'plan'>, Pick<TrialRecord, 'number' | 'rung'> {
  readonly run: string;
}

interface Step {
  readonly told: readonly string[];
  readonly idle: Idle[];
  /** Whether there is a trial of which time alone tells more. */
  readonly leaving: boolean;
}

/** As one: nobody writes between what is seen of the trials and what is decided by it. */
function decideRung(store: Store, name: string): Step {
  return store.transaction(() => {
    const before = store.search(name);
    if (before.state !== 'running') return { told: [], idle: [], leaving: false };
    const runs = store.trialRuns(name);
    const { changes, end } = decisionOf(store, before, runs);
    store.changeTrials(name, changes);
    const told = changes.flatMap(({ number, lost, rung }) => (lost !== undefined ? [`${name}: trial ${number} is out: ${lost}`] : rung !== undefined ? [`${name}: trial ${number} goes on`] : []));
    if (end !== null) return { told: [...told, endSearch(store, name, end)], idle: [], leaving: false };
    const { plan, trials } = changes.length > 0 ? store.search(name) : before;
    const standings = trials.map(({ number, ...trial }) => ({ number, rung: trial.rung, run: runs.get(number), state: standingOf(store, plan, { number, ...trial }, runs.get(number)).state }));
    return {
      told,
      idle: standings.flatMap(({ state, run, number, rung }) => (state === 'idle' && run !== undefined ? [{ name, plan, number, rung, run: run.id }] : [])),
      leaving: standings.some(({ state }) => state === 'leaving'),
    };
  });
}

interface Decision {
  readonly changes: readonly TrialChange[];
  /** The number of the best trial when the search is over, null where none is left; `end` itself is null while it is not. */
  readonly end: { readonly best: number | null } | null;
}

/** The rung at which all trials are that are not out; who lost an earlier one stays at that. */
function decisionOf(store: StoreReader, { plan, trials }: SearchRecord, runs: ReadonlyMap<number, TrialRun>): Decision {
  const rung = Math.max(...trials.map((trial) => trial.rung));
  const last = rung === plan.rungs.length;
  const entered = trials.filter((trial) => trial.rung === rung).map((trial) => ({ trial, standing: standingOf(store, plan, trial, runs.get(trial.number)) }));
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
    case 'leaving':
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

/** Has a trial train to the rung that it may. One that cannot is out. Rejects with what the next look may find mended. */
async function goOn(store: Store, home: string, { name, plan, number, rung, run: id }: Idle): Promise<void> {
  const run = store.run(id);
  try {
    await prepareResume(store, home, { run, options: { config: withValues(run.config, { 'train.stop_at': plan.rungs[rung] ?? null }), from: null, branch: false } });
  } catch (error) {
    if (!(error instanceof UserError) || error instanceof StoreTrouble) throw error;
    // Else somebody has resumed it just now.
    if (!isUnended(store.run(id))) store.changeTrials(name, [{ number, lost: `it could not go on: ${messageOf(error)}` }]);
    return;
  }
  store.transaction(() => {
    if (store.changeTrials(name, [{ number, halted: false }])) store.enqueueFirst(id);
    else store.cancel(id, stoppedWithSearch);
  });
}

function endSearch(store: Store, name: string, { best }: { readonly best: number | null }): string {
  store.setSearchState(name, { state: best === null ? 'failed' : 'completed', from: 'running', reason: best === null ? 'no trial is left' : null });
  const run = store.search(name).trials.find(({ number }) => number === best)?.run ?? null;
  if (run !== null) store.tag(run, { add: [bestTag] });
  return `${name}: ${best === null ? 'no trial is left' : `trial ${best} is the best`}`;
}
