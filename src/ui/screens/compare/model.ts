/** Runs side by side, as the screen and `workbench compare` tell them: their curves, their ends, what was set differently. */
import { setLossPrefix } from '../../../store/rows.js';
import type { RunRecord, StoreReader } from '../../../store/rows.js';
import { formatBytes, formatShare, formatShort } from '../../../util/format.js';
import type { XAxis } from '../../format/axis.js';
import { readOn, seriesOf, smoothed } from '../../curve.js';
import type { Curve } from '../../curve.js';
import { markerOf, toneOf } from '../../format/curve-look.js';
import type { Curve as PlotCurve } from '../../format/plot.js';
import { fitNumber, runSeconds } from '../../format/run.js';
import type { Series } from '../../format/series.js';
import { clean } from '../../format/text.js';
import { setName } from '../../run-data.js';
import type { RunData } from '../../run-data.js';
import type { Glyphs } from '../../theme.js';
import { pastOf } from './settings.js';
import type { Past } from './settings.js';
import { tokensSeen, trainingTime } from '../../timeline.js';

/** What can be laid over each other of all runs, by the names of the points; of a mixture the losses of its sets too. */
const titles = { loss: 'training loss', eval_loss: 'eval loss', learning_rate: 'learning rate', grad_norm: 'gradient norm', tokens_per_second: 'tokens a second' } as const;
export type Metric = keyof typeof titles | `${typeof setLossPrefix}${string}`;

/** `setKeys`: the keys of sets' losses that any of the runs has. */
export function metricsOf(setKeys: readonly string[]): readonly Metric[] {
  return [...(Object.keys(titles) as (keyof typeof titles)[]), ...[...new Set(setKeys)].map((key) => `${setLossPrefix}${setName(key)}` as const)];
}

export function metricTitle(metric: Metric): string {
  return metric in titles ? titles[metric as keyof typeof titles] : `eval loss of ${clean(setName(metric))}`;
}

/** A curve with what tells its steps in time and in tokens. */
export interface ComparedCurve extends Pick<RunData, 'history' | 'curves'>, Past {
  readonly values: Curve;
  /** The keys of the losses of its sets. */
  readonly setKeys: readonly string[];
}

/** Points read before whoever wants the curve may do something else. */
const piece = 4_000;

/** Reads a curve of whatever length in about as many parts as can be told apart; stops here and there, to be told to go on. */
export function* readingCurve(reader: StoreReader, runId: string, metric: Metric): Generator<void, ComparedCurve, void> {
  const read: Record<string, Curve> = {};
  for (const key of new Set<string>([metric, 'loss', 'tokens_seen'])) {
    for (let complete = false; !complete; ) {
      ({ curve: read[key], complete } = readOn(read[key] ?? null, { reader, runId, key }, piece));
      if (!complete) yield;
    }
  }
  return { values: read[metric], setKeys: reader.curveKeys(runId, setLossPrefix), curves: { loss: read['loss'], tokens_seen: read['tokens_seen'] }, ...pastOf(reader, runId) };
}

/** The same at once. */
export function readCurve(reader: StoreReader, runId: string, metric: Metric): ComparedCurve {
  const reading = readingCurve(reader, runId, metric);
  for (;;) {
    const { done, value } = reading.next();
    if (done) return value;
  }
}

/** Over updates, tokens seen, or seconds of training. */
export function seriesOver(curve: ComparedCurve, axis: XAxis, smoothing = 0): Series {
  const at = { step: (step: number) => step, time: trainingTime(curve), tokens: tokensSeen(curve) }[axis];
  return smoothing === 0 ? seriesOf(curve.values, at) : smoothed(curve.values, smoothing, at);
}

export interface OverlayLook {
  readonly axis: XAxis;
  readonly smoothing: number;
  readonly glyphs: Glyphs;
}

/** The curves as they are drawn, in the order of the runs. */
export function overlayOf(runs: readonly RunRecord[], curves: readonly (ComparedCurve | undefined)[], { axis, smoothing, glyphs }: OverlayLook): PlotCurve[] {
  return runs.flatMap((run, i): PlotCurve[] => {
    const curve = curves[i];
    return curve === undefined ? [] : [{ name: clean(run.name), series: seriesOver(curve, axis, smoothing), tone: toneOf(i), marker: markerOf(i, glyphs), marks: 'apart' }];
  });
}

/** A figure of the end of a run. */
export interface Result {
  readonly title: string;
  readonly value: (run: RunRecord) => number | null;
  readonly format: (value: number) => string;
  /** Which end is the good one; null where neither is. */
  readonly better: 'lower' | 'higher' | null;
}

const number = (value: number): string => fitNumber(value, 8);

export const results: readonly Result[] = [
  { title: 'loss', value: ({ train_loss }) => train_loss, format: number, better: 'lower' },
  { title: 'eval', value: ({ eval_loss }) => eval_loss, format: number, better: 'lower' },
  { title: 'best eval', value: ({ best_eval_loss }) => best_eval_loss, format: number, better: 'lower' },
  { title: 'ppl', value: ({ perplexity }) => perplexity, format: number, better: 'lower' },
  { title: 'accuracy', value: ({ accuracy }) => accuracy, format: formatShare, better: 'higher' },
  { title: 'step', value: ({ step }) => step, format: String, better: null },
  { title: 'tok/s', value: ({ tokens_per_second }) => tokens_per_second, format: formatShort, better: 'higher' },
  { title: 'memory', value: ({ peak_memory_bytes }) => peak_memory_bytes, format: formatBytes, better: 'lower' },
  { title: 'trained', value: ({ trainable_parameters }) => trainable_parameters, format: formatShort, better: null },
  { title: 'seconds', value: (run) => (run.ended_at === null ? null : runSeconds(run, 0)), format: formatShort, better: 'lower' },
];

/** The best of a result among runs: null where it has no good end, or fewer than two have it. */
export function bestOf({ value, better }: Result, runs: readonly RunRecord[]): number | null {
  const values = runs.map(value).filter((each) => each !== null && Number.isFinite(each)) as number[];
  return better === null || values.length < 2 ? null : better === 'lower' ? Math.min(...values) : Math.max(...values);
}

/** `+3.1%` or `-0.4%` of the baseline's value; empty where either is missing. */
export function againstBaseline({ value }: Result, run: RunRecord, baseline: RunRecord): string {
  const [own, base] = [value(run), value(baseline)];
  if (own === null || base === null || base === 0 || run.id === baseline.id) return '';
  const percent = (100 * (own - base)) / Math.abs(base);
  return `${percent >= 0 ? '+' : ''}${Math.abs(percent) >= 100 ? percent.toFixed(0) : percent.toFixed(1)}%`;
}
