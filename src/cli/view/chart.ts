/** Losses over the steps, drawn in text. */
import type { MetricPoint } from '../../store/rows.js';
import { chartLines } from '../../ui/format/chart.js';
import type { Line } from '../../ui/format/line.js';
import type { Series } from '../../ui/format/series.js';
import type { Style } from '../terminal.js';

const height = 14;

export function seriesOf(points: readonly MetricPoint[], key: string): Series {
  const found = points.filter((point) => point.key === key);
  return { steps: found.map(({ step }) => step), values: found.map(({ value }) => value) };
}

/** Training and evaluation loss in one chart with a title; nothing for fewer than two points. */
export function chartText(points: readonly MetricPoint[], { width, style }: { readonly width: number; readonly style: Style }): string[] {
  const [train, evaluation] = [seriesOf(points, 'loss'), seriesOf(points, 'eval_loss')];
  const steps = [...train.steps, ...evaluation.steps];
  if (train.steps.length < 2) return [];
  const lines = chartLines(
    [
      { series: train, tone: 'train', marks: false },
      { series: evaluation, tone: 'eval', marks: true },
    ],
    { width: Math.min(width, 120), height, range: { from: Math.min(...steps), to: Math.max(...steps) }, logarithmic: false, glyphs: style.glyphs },
  );
  if (lines === null) return [];
  const legend = evaluation.steps.length === 0 ? '' : `, ${style.paint(`evaluation ${style.glyphs.mark}`, 'eval')}`;
  return [`${style.paint('loss by step: ', 'muted')}${style.paint('training', 'train')}${legend}`, ...lines.map((line) => painted(line, style))];
}

export function painted(line: Line, style: Style): string {
  return line
    .map(({ text, tone }) => style.paint(text, tone ?? 'plain'))
    .join('')
    .trimEnd();
}
