/**
 * Who goes on from a rung: successive halving (Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter
 * Optimization", 2016), in step: a rung is decided when all who came to it have been measured there or are out.
 */
import { betterFirst, type SearchMetric } from '../../config/search/plan.js';

/** Of a trial that may train to this rung. */
export type Standing =
  | { readonly number: number; readonly state: 'open' }
  /** `value`: null, or not finite, where it has no number to show. */
  | { readonly number: number; readonly state: 'reached'; readonly value: number | null }
  | { readonly number: number; readonly state: 'lost' };

export interface Rung {
  readonly metric: SearchMetric;
  readonly keep: number;
  /** Nobody goes on from the last. */
  readonly last: boolean;
}

export interface Ranking {
  /** Best first; of equals the earlier trial. */
  readonly winners: readonly number[];
  /** The others, best first, and what place each has taken: "5th of 12". */
  readonly losers: readonly { readonly number: number; readonly place: string }[];
  /** Who came without a number. */
  readonly unmeasured: readonly number[];
}

/**
 * Null while a trial is open. A lost one takes part in the count: of 12 that came, a third of 12 goes on, or as many as are
 * left. Of the last rung the winner is the best.
 */
export function decide(standings: readonly Standing[], { metric, keep, last }: Rung): Ranking | null {
  if (standings.some(({ state }) => state === 'open')) return null;
  const reached = standings.filter((standing) => standing.state === 'reached');
  const ranked = reached.filter(isMeasured).sort((a, b) => betterFirst(metric, a.value, b.value) || a.number - b.number);
  const places = last ? 1 : Math.max(1, Math.round(keep * standings.length));
  return {
    winners: ranked.slice(0, places).map(({ number }) => number),
    losers: ranked.slice(places).map(({ number }, i) => ({ number, place: `${ordinal(places + i + 1)} of ${standings.length}` })),
    unmeasured: reached.filter((standing) => !isMeasured(standing)).map(({ number }) => number),
  };
}

function isMeasured<S extends { readonly value: number | null }>(standing: S): standing is S & { readonly value: number } {
  return standing.value !== null && Number.isFinite(standing.value);
}

/** "1st", "12th", "23rd". */
function ordinal(place: number): string {
  const suffix = { one: 'st', two: 'nd', few: 'rd' }[String(ordinals.select(place))] ?? 'th';
  return `${place}${suffix}`;
}

const ordinals = new Intl.PluralRules('en', { type: 'ordinal' });
