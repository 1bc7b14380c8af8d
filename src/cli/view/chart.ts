/** Losses over the steps, drawn in text. */
import type { MetricPoint } from '../../store/rows.js';
import type { Line } from '../../ui/format/line.js';
import { plot } from '../../ui/format/plot.js';
import { extent } from '../../ui/format/series.js';
import type { Series } from '../../ui/format/series.js';
import type { Style } from '../terminal.js';

const height = 14;

export function seriesOf(points: readonly MetricPoint[], key: string): Series {
  const found = points.filter((point) => point.key === key);
  return { x: found.map(({ step }) => step), y: found.map(({ value }) => value) };
}

/** Training and evaluation loss in one chart with a title; nothing for fewer than two points. */
export function chartText(points: readonly MetricPoint[], { width, style }: { readonly width: number; readonly style: Style }): string[] {
  const [train, evaluation] = [seriesOf(points, 'loss'), seriesOf(points, 'eval_loss')];
  const range = extent([train, evaluation]);
  if (range === null || train.x.length < 2) return [];
  const lines = plot(
    [
      { name: 'training', series: train, tone: 'train', marker: null },
      { name: 'evaluation', series: evaluation, tone: 'eval', marker: style.glyphs.mark, marks: 'points' },
    ],
    { width: Math.min(width, 120), height, range, logarithmic: false, glyphs: style.glyphs },
  );
  if (lines === null) return [];
  const legend = evaluation.x.length === 0 ? '' : `, ${style.paint(`evaluation ${style.glyphs.mark}`, 'eval')}`;
  return [`${style.paint('loss by step: ', 'muted')}${style.paint('training', 'train')}${legend}`, ...lines.map((line) => painted(line, style))];
}

export function painted(line: Line, style: Style): string {
  return line
    .map(({ text, tone }) => style.paint(text, tone ?? 'plain'))
    .join('')
    .trimEnd();
}
