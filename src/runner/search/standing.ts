/** How a trial stands before the rung that it may train to, by what the store has of its run. */
import type { SearchPlan } from '../../config/search/plan.js';
import { isUnended, type StoreReader, type TrialRecord, type TrialRun } from '../../store/rows.js';
import { stopReasons } from '../../trainer/events.js';
import { mayLive } from '../identity.js';
import { wasCutOff } from '../outcome.js';
import { writtenBest } from '../written.js';

export type TrialStanding =
  /** It trains, or waits for its turn. */
  | { readonly state: 'busy' }
  /** It has said its end, and its process tidies up: no write to the store tells when that is gone. */
  | { readonly state: 'leaving' }
  /** It is at rest before the rung and has to go on: it won the last one, was cut off, or stopped with its search. */
  | { readonly state: 'idle' }
  | { readonly state: 'reached'; readonly value: number | null }
  | { readonly state: 'lost'; readonly reason: string };

/** `run`: none where it was deleted. One that was resumed by hand may be beyond the rung: what it measured there counts. */
export function standingOf(store: StoreReader, plan: SearchPlan, { rung, lost, measured: known }: TrialRecord, run: TrialRun | undefined): TrialStanding {
  if (lost !== null) return { state: 'lost', reason: lost };
  if (known.length > rung) return { state: 'reached', value: known[rung] };
  if (run === undefined) return { state: 'lost', reason: 'its run was deleted' };
  const to = plan.rungs[rung] ?? Infinity;
  const measured = run.step >= to || run.state === 'completed' ? measuredIn(store, run, { metric: plan.metric, from: plan.rungs[rung - 1] ?? 0, to }) : null;
  if (isUnended(run)) return run.step > to && measured !== null ? { state: 'reached', value: measured.value } : { state: 'busy' };
  const process = store.processOf(run.id);
  if (process !== null && mayLive(process)) return { state: 'leaving' };
  const isPlanned = run.reason === stopReasons.planned;
  // Cut off after its evaluation at the rung it has nothing left to do there; before that it has.
  if (run.state === 'completed' || (run.step >= to && (isPlanned || measured?.step === to))) return { state: 'reached', value: measured?.value ?? null };
  const isHalted = run.halted && run.state === 'stopped';
  return isPlanned || isHalted || wasCutOff(run) ? { state: 'idle' } : { state: 'lost', reason: lossOf(run) };
}

/**
 * The last point of the metric on the way to a rung; of a run that is complete, which may have ended before it, of all, or the one of
 * the weights that it has written where those are its best.
 */
function measuredIn(store: StoreReader, run: TrialRun, { metric, from, to }: Pick<SearchPlan, 'metric'> & { readonly from: number; readonly to: number }): { readonly step: number; readonly value: number } | null {
  const points = store.metrics(run.id, [metric]);
  if (run.state !== 'completed') return points.findLast(({ step }) => step > from && step <= to) ?? null;
  const best = run.step <= to ? writtenBest(store, run) : null;
  return points.findLast(({ step }) => (best === null ? step <= to : step === best.step)) ?? null;
}

function lossOf({ state, reason }: TrialRun): string {
  return state === 'stopped' ? `taken out by hand${reason === null ? '' : ` (${reason})`}` : `${state}: ${reason ?? 'without a word'}`;
}
