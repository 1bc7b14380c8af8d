/** The trials of a search in the order of how good they are. */
import { betterFirst } from '../../config/search/plan.js';
import type { SearchRecord, TrialRecord } from '../../store/rows.js';

/** Best first: who came farther, then who was better there, then who came first. */
export function ranked({ plan, trials }: Pick<SearchRecord, 'plan' | 'trials'>): TrialRecord[] {
  return [...trials].sort((a, b) => {
    const [x, y] = [lastMeasured(a), lastMeasured(b)];
    const farther = b.measured.length - a.measured.length;
    if (farther !== 0 || x === null || y === null) return farther || Number(x === null) - Number(y === null) || a.number - b.number;
    return betterFirst(plan.metric, x, y) || a.number - b.number;
  });
}

/** The best so far; null where nothing was measured. */
export function bestTrial(search: Pick<SearchRecord, 'plan' | 'trials'>): TrialRecord | null {
  return ranked(search).find((trial) => lastMeasured(trial) !== null) ?? null;
}

function lastMeasured({ measured }: TrialRecord): number | null {
  return measured.at(-1) ?? null;
}
