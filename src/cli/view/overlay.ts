/** Several series in one chart, each drawn with its letter, so that it reads without colour. */
import { extent, resample, type Series } from '../../ui/format/series.js';
import { toneOf } from '../../ui/format/curve-look.js';
import { formatNumber } from '../../util/format.js';
import type { Style } from '../terminal.js';

const height = 16;
const labelWidth = 9;

export function letterOf(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + (index % 26));
}

/** One line a row of the chart, the steps below it; nothing where no series has two points. */
export function overlay(series: readonly Series[], { width, style }: { readonly width: number; readonly style: Style }): string[] {
  const range = extent(series);
  if (range === null || series.every((each) => each.x.length < 2)) return [];
  const columns = Math.min(width, 120) - labelWidth - 1;
  const sampled = series.map((each) => resample(each, range, columns));
  const finite = sampled.flat().filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const span = high - low || 1;
  const lines = Array.from({ length: height }, (_, row) => {
    const label = formatNumber(high - (row / (height - 1)) * span).padStart(labelWidth - 1);
    const cells = Array.from({ length: columns }, (_, column) => {
      const found = sampled.findLastIndex((values) => Math.round(((high - values[column]) / span) * (height - 1)) === row);
      return found < 0 ? ' ' : style.paint(letterOf(found), toneOf(found));
    });
    return `${style.paint(`${label} ${style.glyphs.axis}`, 'muted')}${cells.join('')}`.trimEnd();
  });
  const [from, to] = [String(range.from), String(range.to)];
  const axis = `${' '.repeat(labelWidth + 1)}${from}${' '.repeat(Math.max(1, columns - from.length - to.length))}${to}`;
  return [style.paint('training loss by step', 'muted'), ...lines, style.paint(axis, 'muted')];
}
