/** Everything shown of one run: its record, its curves as far as they have been read, and what happened in it. */
import { setLossPrefix } from '../store/rows.js';
import type { HistoryRow, RunRecord, SampleRow } from '../store/rows.js';
import { latestValue } from './curve.js';
import type { Curve } from './curve.js';
import type { Range } from './format/series.js';

export interface RunData {
  readonly record: RunRecord;
  readonly curves: Readonly<Record<string, Curve>>;
  /** False while older points are still being read. */
  readonly complete: boolean;
  /** What happened besides the numbers, oldest first, and where to go on reading it. */
  readonly history: readonly HistoryRow[];
  readonly cursor: number;
  readonly samples: readonly SampleRow[];
  readonly warnings: readonly string[];
  /** Names of the runs that go before it, while it waits for its turn; else null. */
  readonly ahead: readonly string[] | null;
}

/** What a look into the store brought. */
export interface RunNews {
  readonly record: RunRecord;
  readonly curves: Readonly<Record<string, Curve>>;
  readonly complete: boolean;
  readonly happened: readonly HistoryRow[];
  readonly cursor: number;
  readonly ahead: readonly string[] | null;
}

/** Adds the news to what is known, or starts anew where it is of another run. The same object where nothing is new. */
export function addNews(known: RunData | null, { happened, ...news }: RunNews): RunData {
  const before = known?.record.id === news.record.id ? known : null;
  if (before && happened.length === 0 && isSame(before, news)) return before;
  const history = [...(before?.history ?? []), ...happened];
  const told = before && happened.length === 0 ? before : { samples: samplesOf(history), warnings: warningsOf(history) };
  return { ...news, history, samples: told.samples, warnings: told.warnings };
}

function isSame(before: RunData, { record, curves, complete, ahead }: Omit<RunNews, 'happened'>): boolean {
  return before.complete === complete && Object.keys(curves).every((key) => curves[key] === before.curves[key]) && JSON.stringify([before.record, before.ahead]) === JSON.stringify([record, ahead]);
}

/** Those of a part that a resume went back behind are left out. */
function samplesOf(history: readonly HistoryRow[]): SampleRow[] {
  let samples: SampleRow[] = [];
  for (const { type, step, details } of history) {
    if (type === 'started') samples = samples.filter((sample) => sample.step <= (step ?? 0));
    if (type === 'sample') samples.push({ step: step ?? 0, prompt: String(details.prompt), text: String(details.text) });
  }
  return samples;
}

function warningsOf(history: readonly HistoryRow[]): string[] {
  return history.filter(({ type }) => type === 'warning').map(({ details }) => String(details.message));
}

/** The updates of a run that have points. */
export function stepsOf({ curves }: Pick<RunData, 'curves'>): Range {
  const ends = [curves.loss, curves.eval_loss].flatMap((curve) => (curve && curve.stretches.length > 0 ? [{ from: curve.stretches[0].first, to: curve.stretches.at(-1)!.last }] : []));
  return ends.length === 0 ? { from: 0, to: 0 } : { from: Math.min(...ends.map(({ from }) => from)), to: Math.max(...ends.map(({ to }) => to)) };
}

/** The keys of the losses of the sets that it is evaluated on, where there are several. */
export function setKeysOf({ curves }: Pick<RunData, 'curves'>): string[] {
  return Object.keys(curves).filter((key) => key.startsWith(setLossPrefix) && curves[key].stretches.length > 0);
}

/** The set that a key is of. */
export function setName(key: string): string {
  return key.slice(setLossPrefix.length);
}

/** The last number of a metric; null where there is none. */
export function latest({ curves }: RunData, key: string): number | null {
  return latestValue(curves[key]);
}

/** Steps that the pace is taken from, at least. */
const paceSteps = 50;

/** At the pace of the last logged steps since it last began or went on; null where they do not tell, or the run is not going. */
export function remainingSeconds({ record, curves, history }: RunData): number | null {
  const going = history.findLast(({ type }) => type === 'started' || type === 'resumed');
  const since = going === undefined ? 0 : Date.parse(going.time);
  const logged = (curves.loss?.stretches ?? []).filter(({ time }) => time >= since);
  const last = logged.at(-1);
  const first = logged.findLast((stretch) => last !== undefined && stretch.last <= last.last - paceSteps) ?? logged[0];
  if (record.state !== 'running' || record.total_steps === null || !first || !last || last.last <= first.last) return null;
  return ((last.time - first.time) / 1000 / (last.last - first.last)) * Math.max(0, record.total_steps - record.step);
}
