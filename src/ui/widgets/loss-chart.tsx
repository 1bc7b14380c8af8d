import { memo } from 'react';
import { line } from '../format/line.js';
import type { Line } from '../format/line.js';
import { legend, plot } from '../format/plot.js';
import type { Curve } from '../format/plot.js';
import { emptySeries, extent, smooth } from '../format/series.js';
import type { Series } from '../format/series.js';
import { Pane, frame } from './pane.js';
import { useTheme } from './theme-context.js';

export interface LossChartProps {
  readonly train: Series | undefined;
  readonly evaluation: Series | undefined;
  /** To be done; the axis ends there while a run goes on, so that it shows how far it is. */
  readonly totalSteps: number | null;
  readonly smoothing: number;
  readonly logarithmic: boolean;
  readonly width: number;
  readonly height: number;
  /** Said where there is no point yet. */
  readonly waiting: string;
}

/** Training and evaluation loss over the steps. */
export const LossChart = memo(function LossChart({ train = emptySeries, evaluation = emptySeries, totalSteps, smoothing, logarithmic, width, height, waiting }: LossChartProps) {
  const { glyphs } = useTheme();
  const curves: readonly Curve[] = [
    { name: 'train', series: smooth(train, smoothing), tone: 'train', marker: null },
    { name: 'eval', series: evaluation, tone: 'eval', marker: glyphs.mark, marks: 'points' },
  ];
  const { from, to } = extent([train, evaluation]) ?? { from: 0, to: 0 };
  const lines = plot(curves, { width: width - frame.columns, height: height - frame.rows, range: { from, to: Math.max(to, from + 1, totalSteps ?? 0) }, logarithmic, glyphs });
  const title: Line = line('Loss  ', ...legend(curves, glyphs), [smoothing > 0 ? `  smoothed ${smoothing}` : '', 'muted'], [logarithmic ? '  log' : '', 'muted']);
  return <Pane title={title} width={width} height={height} lines={lines ?? [line([waiting, 'muted'])]} />;
});
