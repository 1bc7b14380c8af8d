import { memo } from 'react';
import { chartLines } from '../format/chart.js';
import { line } from '../format/line.js';
import type { Line } from '../format/line.js';
import { emptySeries, smooth } from '../format/series.js';
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
  const last = Math.max(train.steps.at(-1) ?? 1, evaluation.steps.at(-1) ?? 1);
  const first = Math.min(train.steps[0] ?? last, evaluation.steps[0] ?? last);
  const lines = chartLines(
    [
      { series: smooth(train, smoothing), tone: 'train', marks: false },
      { series: evaluation, tone: 'eval', marks: true },
    ],
    { width: width - frame.columns, height: height - frame.rows, range: { from: first, to: Math.max(last, first + 1, totalSteps ?? 0) }, logarithmic, glyphs },
  );
  const key = glyphs.horizontal.repeat(2);
  const title: Line = line(
    'Loss  ', [`${key} train`, 'train'], '  ', [`${key}${glyphs.mark}${key} eval`, 'eval'],
    [smoothing > 0 ? `  smoothed ${smoothing}` : '', 'muted'], [logarithmic ? '  log' : '', 'muted'],
  );
  return <Pane title={title} width={width} height={height} lines={lines ?? [line([waiting, 'muted'])]} />;
});
