/** A curve as the screen holds it: at most some thousand stretches, however long the run, read on as it grows. */
import type { StoreReader, Stretch } from '../store/rows.js';
import { lowerBound } from './format/series.js';
import type { Series } from './format/series.js';

export interface Curve {
  /** In the order of steps. All but the last have `points` points. */
  readonly stretches: readonly Stretch[];
  readonly points: number;
}

/** More stretches than any terminal has columns; twice as many are halved. */
export const enough = 2048;

export interface CurveSource {
  readonly reader: Pick<StoreReader, 'stretches' | 'pointCount' | 'stillHolds'>;
  readonly runId: string;
  readonly key: string;
}

/**
 * The curve with what has been written since, of at most `budget` more points; `complete` when nothing is left. A part that
 * a resume has written anew is read anew. Returns the curve itself when nothing has come.
 */
export function readOn(known: Curve | null, { reader, runId, key }: CurveSource, budget: number): { readonly curve: Curve; readonly complete: boolean } {
  const last = known?.stretches.at(-1);
  const holds = known !== null && (last === undefined || reader.stillHolds(runId, key, last));
  const curve = holds && last ? known : { stretches: [], points: pointsFor(reader.pointCount(runId, { key, after: -1 })) };
  // The last one is read again from its beginning while it may still grow.
  const whole = curve.stretches.at(-1)?.points === curve.points ? curve.stretches : curve.stretches.slice(0, -1);
  const limit = Math.max(1, Math.floor(budget / curve.points));
  const more = reader.stretches(runId, { key, after: whole.at(-1)?.last ?? -1, points: curve.points, limit });
  const complete = more.length < limit || more.at(-1)!.points < curve.points;
  const open = curve.stretches[whole.length];
  if (holds && (more.length === 0 || (more.length === 1 && open?.points === more[0].points))) return { curve: known, complete };
  return { curve: halved({ ...curve, stretches: [...whole, ...more] }), complete };
}

/** Points a stretch so that so many make few enough. */
export function pointsFor(count: number): number {
  return count < 2 * enough ? 1 : Math.ceil(count / enough);
}

/** Pairs made one, until there are few enough. */
function halved(curve: Curve): Curve {
  if (curve.stretches.length < 2 * enough) return curve;
  const { stretches, points } = curve;
  const pairs = Array.from({ length: Math.ceil(stretches.length / 2) }, (_, i) => joined(stretches[2 * i], stretches[2 * i + 1]));
  return halved({ stretches: pairs, points: 2 * points });
}

function joined(a: Stretch, b: Stretch | undefined): Stretch {
  if (b === undefined) return a;
  const finite = a.finite + b.finite;
  const of = (value: (part: Stretch) => number): number[] => [a, b].filter((part) => part.finite > 0).map(value);
  return {
    first: a.first, last: b.last, time: b.time, seq: Math.max(a.seq, b.seq), points: a.points + b.points, finite,
    low: finite > 0 ? Math.min(...of(({ low }) => low)) : Number.NaN,
    high: finite > 0 ? Math.max(...of(({ high }) => high)) : Number.NaN,
    mean: finite > 0 ? of((part) => part.mean * part.finite).reduce((sum, part) => sum + part, 0) / finite : Number.NaN,
  };
}

/** Parts of curves read more finely than the whole, by metric. */
export type Detail = Readonly<Record<string, readonly Stretch[]>>;

/** The curve with a part of it read more finely. */
export function refined(curve: Curve, detail: readonly Stretch[]): Curve {
  if (detail.length === 0) return curve;
  const [first, last] = [detail[0].first, detail.at(-1)!.last];
  return { ...curve, stretches: [...curve.stretches.filter((stretch) => stretch.last < first), ...detail, ...curve.stretches.filter((stretch) => stretch.first > last)] };
}

/** Every point; of a stretch of several its two extremes, the one first that is nearer to what came before. `x` is where a step lies. */
export function seriesOf({ stretches }: Curve, x: (step: number) => number = asStep): Series {
  const xs: number[] = [];
  const ys: number[] = [];
  for (const { first, last, points, low, high } of stretches) {
    if (points === 1) {
      xs.push(x(last));
      ys.push(low);
    } else {
      const rising = !(Math.abs((ys.at(-1) ?? high) - high) < Math.abs((ys.at(-1) ?? high) - low));
      xs.push(x(first), x(last));
      ys.push(rising ? low : high, rising ? high : low);
    }
  }
  return { x: xs, y: ys };
}

/**
 * Exponential moving average without the bias to its start, as TensorBoard's: vᵢ = w·vᵢ₋₁ + (1−w)·xᵢ, shown as vᵢ / (1 − wⁱ).
 * A stretch of n points counts as n times its mean: v ← wⁿ·v + (1−wⁿ)·mean.
 */
export function smoothed({ stretches }: Curve, weight: number, x: (step: number) => number = asStep): Series {
  let average = 0;
  let bias = 1;
  const y = stretches.map(({ finite, mean }) => {
    if (finite === 0) return Number.NaN;
    const kept = weight ** finite;
    average = kept * average + (1 - kept) * mean;
    bias *= kept;
    return average / (1 - bias);
  });
  return { x: stretches.map(({ last }) => x(last)), y };
}

/** The newest number; null where there is none. */
export function latestValue(curve: Curve | undefined): number | null {
  const stretch = curve?.stretches.findLast(({ finite }) => finite > 0);
  return stretch === undefined ? null : stretch.points === 1 ? stretch.low : stretch.mean;
}

/** A curve that only grows (tokens seen, time) as a function of the step, straight between what is known. */
export function growing({ stretches }: Curve, value: (stretch: Stretch) => number): (step: number) => number {
  const steps = stretches.map(({ last }) => last);
  return (step) => {
    if (steps.length === 0) return step;
    const at = Math.min(lowerBound(steps, step), steps.length - 1);
    const after = value(stretches[at]);
    if (at === 0 || steps[at] <= step) return after;
    const before = value(stretches[at - 1]);
    return before + ((step - steps[at - 1]) / (steps[at] - steps[at - 1])) * (after - before);
  };
}

function asStep(step: number): number {
  return step;
}
