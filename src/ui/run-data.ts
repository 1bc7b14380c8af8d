/** Everything shown of one run: its record, its curves as far as they have been read, samples and warnings. */
import type { MetricPoint, RunRecord, SampleRow } from '../store/rows.js';
import { emptySeries } from './format/series.js';
import type { Series } from './format/series.js';

export interface RunData {
  readonly record: RunRecord;
  readonly series: Readonly<Record<string, Series>>;
  /** Where to go on reading metrics. */
  readonly cursor: number;
  readonly samples: readonly SampleRow[];
  readonly warnings: readonly string[];
  /** Names of the runs that go before it, while it waits for its turn; else null. */
  readonly ahead: readonly string[] | null;
  /** The last logged steps with their time in milliseconds, for the pace. */
  readonly recent: readonly { readonly step: number; readonly time: number }[];
}

/** Steps that the pace is taken from. */
const paceSteps = 50;

/** What a look into the store brought. */
export interface RunNews {
  readonly record: RunRecord;
  readonly points: readonly MetricPoint[];
  readonly cursor: number;
  readonly samples: readonly SampleRow[];
  readonly warnings: readonly string[];
  readonly ahead: readonly string[] | null;
}

/** Adds the news to what is known, or starts anew where it is of another run. */
export function addNews(known: RunData | null, { record, points, cursor, samples, warnings, ahead }: RunNews): RunData {
  const same = known?.record.id === record.id;
  const logged = points.filter(({ key }) => key === 'loss').map(({ step, time }) => ({ step, time: Date.parse(time) }));
  const recent = [...(same ? known.recent : []), ...logged].slice(-paceSteps);
  return { record, cursor, samples, warnings, ahead, recent, series: addPoints(same ? known.series : {}, points) };
}

/** At the pace of the last logged steps; null where they do not tell, or the run is not going. */
export function remainingSeconds({ record, recent }: RunData): number | null {
  const [first, last] = [recent[0], recent.at(-1)];
  if (record.state !== 'running' || record.total_steps === null || !first || !last || last.step <= first.step) return null;
  return ((last.time - first.time) / 1000 / (last.step - first.step)) * Math.max(0, record.total_steps - record.step);
}

function addPoints(series: Readonly<Record<string, Series>>, points: readonly MetricPoint[]): Readonly<Record<string, Series>> {
  if (points.length === 0) return series;
  const fresh = new Map<string, { x: number[]; y: number[] }>();
  for (const { key, step, value } of points) {
    const held = fresh.get(key) ?? { x: [], y: [] };
    if (!fresh.has(key)) fresh.set(key, held);
    held.x.push(step);
    held.y.push(value);
  }
  const added = [...fresh].map(([key, more]) => [key, append(series[key] ?? emptySeries, more)]);
  return { ...series, ...Object.fromEntries(added) };
}

/** A run that was resumed writes some steps again: the later value holds. */
function append(old: Series, more: { x: number[]; y: number[] }): Series {
  const last = old.x.at(-1);
  const ascending = (last === undefined || last < more.x[0]) && more.x.every((step, i) => i === 0 || more.x[i - 1] < step);
  if (ascending) return { x: old.x.concat(more.x), y: old.y.concat(more.y) };
  const byStep = new Map([...old.x.map((step, i) => [step, old.y[i]] as const), ...more.x.map((step, i) => [step, more.y[i]] as const)]);
  const steps = [...byStep.keys()].sort((a, b) => a - b);
  return { x: steps, y: steps.map((step) => byStep.get(step)!) };
}
