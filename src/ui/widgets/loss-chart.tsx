import { memo, useMemo } from 'react';
import { refined, seriesOf, smoothed } from '../curve.js';
import type { Curve, Detail } from '../curve.js';
import { windowRange } from '../drawing.js';
import type { Drawing } from '../drawing.js';
import type { XAxis, XMark } from '../format/axis.js';
import { line } from '../format/line.js';
import type { Line } from '../format/line.js';
import { markerOf, toneOf } from '../format/curve-look.js';
import { legend, plot } from '../format/plot.js';
import type { Curve as PlotCurve } from '../format/plot.js';
import { emptySeries } from '../format/series.js';
import type { Range } from '../format/series.js';
import { clean } from '../format/text.js';
import { remainingSeconds, setKeysOf, setName, stepsOf } from '../run-data.js';
import type { RunData } from '../run-data.js';
import type { Glyphs } from '../theme.js';
import { momentKinds, momentMarks, moments, tokensSeen, trainingTime } from '../timeline.js';
import { formatCount } from '../../util/format.js';
import { isUnended } from '../../store/rows.js';
import { Pane, frame } from './pane.js';
import { useTheme } from './theme-context.js';

export interface LossChartProps {
  readonly data: RunData;
  readonly drawing: Drawing;
  readonly detail?: Detail | null;
  readonly width: number;
  readonly height: number;
  readonly focused?: boolean;
  /** Said where there is no point yet. */
  readonly waiting: string;
}

/** Training and evaluation loss, and below them what happened. */
export const LossChart = memo(function LossChart({ data, drawing, detail = null, width, height, focused = false, waiting }: LossChartProps) {
  const { glyphs } = useTheme();
  const inside = { width: width - frame.columns, height: height - frame.rows };
  const lines = useMemo(() => lossLines(data, { drawing, detail, glyphs, ...inside }), [data, drawing, detail, glyphs, width, height]);
  return <Pane title={lossTitle(data, drawing, glyphs)} width={width} height={height} focused={focused} lines={lines ?? [line([waiting, 'muted'])]} />;
});

export interface LossOptions {
  readonly drawing: Drawing;
  readonly detail: Detail | null;
  readonly glyphs: Glyphs;
  readonly width: number;
  readonly height: number;
}

/** Null where there is nothing to draw. */
export function lossLines(data: RunData, { drawing, detail, glyphs, width, height }: LossOptions): Line[] | null {
  const { smoothing, logarithmic, axis, style } = drawing;
  const at = positions(data, axis);
  const part = (key: string): Curve => refined(data.curves[key] ?? { stretches: [], points: 1 }, detail?.[key] ?? []);
  const train = part('loss');
  const marks = height > roomForMarks ? { marks: marksOf(data, at) } : {};
  return plot(
    [
      { name: 'train', series: smoothing === 0 ? seriesOf(train, at) : smoothed(train, smoothing, at), tone: 'train', marker: null },
      ...evaluations(data, drawing, glyphs).map(({ key, ...look }): PlotCurve => ({ ...look, series: part(key).stretches.length === 0 ? emptySeries : seriesOf(part(key), at), marks: 'points' })),
    ],
    { width, height, range: shownRange(data, drawing, at), axis, style, logarithmic, glyphs, ...marks },
  );
}

/** What is drawn of the evaluations: the loss of all rows, or of each set. */
function evaluations(data: RunData, { sets }: Drawing, glyphs: Glyphs): (Pick<PlotCurve, 'name' | 'tone' | 'marker'> & { readonly key: string })[] {
  const keys = sets ? setKeysOf(data) : [];
  if (keys.length === 0) return [{ key: 'eval_loss', name: 'eval', tone: 'eval', marker: glyphs.mark }];
  return keys.map((key, i) => ({ key, name: clean(setName(key)), tone: toneOf(i + 1), marker: markerOf(i, glyphs) }));
}

/** Lines of a chart below which the row of marks would cost too much. */
const roomForMarks = 6;

/** Where an update lies on the axis. */
function positions(data: RunData, axis: XAxis): (step: number) => number {
  switch (axis) {
    case 'step':
      return (step) => step;
    case 'tokens':
      return tokensSeen(data);
    case 'time':
      return trainingTime(data);
  }
}

/** A live run that is shown whole has room for what is to come, so that one sees how far it is. */
function shownRange(data: RunData, { axis, window }: Drawing, at: (step: number) => number): Range {
  const steps = stepsOf(data);
  if (window !== null) {
    const { from, to } = windowRange(window, steps);
    return { from: at(from), to: Math.max(at(to), at(from) + Number.EPSILON) };
  }
  const { record } = data;
  const total = isUnended(record) ? Math.max(record.total_steps ?? 0, steps.to) : steps.to;
  const ends: { readonly [A in XAxis]: () => number } = {
    step: () => Math.max(total, steps.from + 1),
    tokens: () => at(steps.to) * (steps.to > 0 ? total / steps.to : 1),
    time: () => at(steps.to) + (remainingSeconds(data) ?? 0),
  };
  const from = at(steps.from);
  return { from, to: Math.max(ends[axis](), from + Number.EPSILON) };
}

function marksOf(data: RunData, at: (step: number) => number): XMark[] {
  return moments(data)
    .sort((a, b) => momentKinds.indexOf(a.kind) - momentKinds.indexOf(b.kind))
    .map(({ kind, step }) => ({ x: at(step), glyph: momentMarks[kind].letter, tone: momentMarks[kind].tone }));
}

function lossTitle(data: RunData, drawing: Drawing, glyphs: Glyphs): Line {
  const { smoothing, logarithmic, axis, window } = drawing;
  const shown = window === null ? null : windowRange(window, stepsOf(data));
  const words = [
    smoothing > 0 ? `smoothed ${smoothing}` : null,
    logarithmic ? 'log' : null,
    axis === 'step' ? null : `by ${axis}`,
    shown && `${formatCount(shown.from)}${glyphs.dash}${formatCount(shown.to)}`,
    data.complete ? null : `reading${glyphs.ellipsis}`,
  ];
  return line('Loss  ', ...legend([{ name: 'train', tone: 'train', marker: null }, ...evaluations(data, drawing, glyphs)], glyphs), [words.filter((word) => word !== null).map((word) => `  ${word}`).join(''), 'muted']);
}
