/** What happened in a run, on the axis below its curves and as a list. */
import type { HistoryRow } from '../store/rows.js';
import type { SetShare } from '../data/dataset.js';
import { keptTexts } from '../data/filter/filter.js';
import { formatBytes, formatNumber } from '../util/format.js';
import { growing } from './curve.js';
import { setKeysOf, setName } from './run-data.js';
import type { RunData } from './run-data.js';
import type { Tone } from './theme.js';
import { clean } from './format/text.js';

/** From the least to the most telling: the later kind is seen where two fall together. */
export const momentKinds = ['evaluated', 'saved', 'asked', 'paused', 'begun', 'changed', 'ended', 'warned'] as const;
export type MomentKind = (typeof momentKinds)[number];

/** A letter each, so that they read without colour and without Unicode. */
export const momentMarks: { readonly [K in MomentKind]: { readonly letter: string; readonly tone: Tone } } = {
  evaluated: { letter: 'e', tone: 'eval' },
  saved: { letter: 's', tone: 'good' },
  asked: { letter: 'a', tone: 'muted' },
  paused: { letter: 'p', tone: 'warn' },
  begun: { letter: 'r', tone: 'accent' },
  changed: { letter: 'c', tone: 'accent' },
  ended: { letter: 'x', tone: 'plain' },
  warned: { letter: '!', tone: 'bad' },
};

export interface Moment {
  readonly kind: MomentKind;
  readonly step: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly text: string;
}

/** Oldest first. What has no step of its own is put where the run then was. */
export function moments({ history, curves }: Pick<RunData, 'history' | 'curves'>): Moment[] {
  const stretches = curves.loss?.stretches ?? [];
  const stepAt = (time: number): number => stretches.findLast((stretch) => stretch.time <= time)?.last ?? 0;
  const evaluated = (curves.eval_loss?.stretches ?? []).filter(({ finite }) => finite > 0).map(({ last, time, low }): Moment => ({ kind: 'evaluated', step: last, time, text: `eval loss ${formatNumber(low)}${setLosses(curves, last)}` }));
  const told = history.flatMap((row): Moment[] => {
    const said = describe(row);
    const time = Date.parse(row.time);
    return said === null ? [] : [{ kind: said[0], text: said[1], step: row.step ?? stepAt(time), time }];
  });
  return [...evaluated, ...told].sort((a, b) => a.time - b.time);
}

/** Of a mixture: the losses of its sets in that evaluation, as far back as each has its own point. */
function setLosses(curves: RunData['curves'], step: number): string {
  const losses = setKeysOf({ curves }).flatMap((key) => {
    const point = curves[key].stretches.find(({ last, points }) => last === step && points === 1);
    return point === undefined ? [] : [`${clean(setName(key))} ${formatNumber(point.low)}`];
  });
  return losses.length === 0 ? '' : ` (${losses.join(', ')})`;
}

/** Samples have a place of their own. */
function describe({ type, step, details }: HistoryRow): readonly [MomentKind, string] | null {
  switch (type) {
    case 'checkpoint':
      return ['saved', `saved a checkpoint (${formatBytes(Number(details.bytes))})`];
    case 'control':
      return ['asked', `asked: ${String(details.control)}`];
    case 'changed':
      return ['changed', `set ${Object.entries((details.changes ?? {}) as Record<string, unknown>).map(([key, value]) => `${key} to ${String(value)}`).join(', ')}`];
    case 'paused':
      return ['paused', 'paused'];
    case 'resumed':
      return ['begun', details.checkpoint === null ? 'went on' : `resumed from the checkpoint at step ${step ?? 0}`];
    case 'started':
      return ['begun', [`started: ${String(details.engine)}`, ...keptTexts((details.sets ?? []) as readonly SetShare[])].join('; ')];
    case 'warning':
      return ['warned', String(details.message)];
    case 'completed':
      return ['ended', typeof details.reason === 'string' ? `completed, ${details.reason}` : 'completed'];
    case 'stopped':
    case 'failed':
      return [type === 'failed' ? 'warned' : 'ended', `${type}: ${String(details.reason)}`];
    default:
      return null;
  }
}

/** Seconds of training at a step, counted from the first point; the time between two parts of a run, and of a pause, is left out. */
export function trainingTime({ history, curves }: Pick<RunData, 'history' | 'curves'>): (step: number) => number {
  const loss = curves.loss;
  const first = loss?.stretches[0];
  if (!loss || !first) return () => 0;
  const rests = restsOf(history, loss.stretches.map(({ time }) => time));
  // A stretch's time is that of its last point.
  return growing(loss, ({ time }) => (time - first.time - rests.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(to, time) - Math.max(from, first.time)), 0)) / 1000);
}

/** From the last sign of life before it went on, to when it went on. */
function restsOf(history: readonly HistoryRow[], times: readonly number[]): { readonly from: number; readonly to: number }[] {
  return history.flatMap(({ type, time }, i) => {
    if (type !== 'started' && type !== 'resumed') return [];
    const to = Date.parse(time);
    const from = Math.max(times.findLast((each) => each <= to) ?? to, history[i - 1] ? Date.parse(history[i - 1].time) : 0);
    return from < to ? [{ from, to }] : [];
  });
}

/** Tokens seen at a step. */
export function tokensSeen({ curves }: Pick<RunData, 'curves'>): (step: number) => number {
  return curves.tokens_seen ? growing(curves.tokens_seen, ({ high }) => high) : () => 0;
}
