/** Curves over one x axis as lines of the screen, with labels, marks and a legend. Pure: the same on the screen and on the command line. */
import type { Glyphs, Tone } from '../theme.js';
import { boundsOf, scaleFor, xLabels, yLabeller, yLabelWidth } from './axis.js';
import type { XAxis, XMark } from './axis.js';
import { line } from './line.js';
import type { Line } from './line.js';
import { braille, drawDots, drawLine, drawMarks, emptyGrid, halves, spansOf } from './raster.js';
import type { Cell } from './raster.js';
import { columnsOf, resample } from './series.js';
import type { Range, Series } from './series.js';

export interface Curve {
  readonly name: string;
  readonly series: Series;
  readonly tone: Tone;
  /** Tells the curve from the others where colour cannot: one column wide, from `glyphs.markers`; null for none. */
  readonly marker: string | null;
  /** On every point, for a series of few; or here and there, so that the line can still be seen. */
  readonly marks?: 'points' | 'apart';
}

/** asciichart's lines, or dots: braille, with `--ascii` an upper and a lower one a cell. */
export const plotStyles = ['line', 'dots'] as const;
export type PlotStyle = (typeof plotStyles)[number];

export interface PlotOptions {
  /** Columns and lines of the whole chart, axes and marks included; at least 20 × 4. */
  readonly width: number;
  readonly height: number;
  readonly range: Range;
  /** What x counts; `step` where this is missing. */
  readonly axis?: XAxis;
  readonly style?: PlotStyle;
  /** Values that are not positive are gaps then; where all are, the scale stays linear. */
  readonly logarithmic: boolean;
  /** How a value is written beside the axis, in at most 8 columns; with as many decimals as tell rows apart where this is missing. */
  readonly label?: (y: number) => string;
  /** What happened, in a row of its own below the curves; of several in one column the last one shows. */
  readonly marks?: readonly XMark[];
  readonly glyphs: Glyphs;
}

/** Columns between the marks that are set apart. */
const apart = 12;

/** Exactly `height` lines of at most `width` columns; null when there is nothing to draw in the range. */
export function plot(curves: readonly Curve[], options: PlotOptions): Line[] | null {
  const { range, axis = 'step', style = 'line', marks, glyphs, label: written } = options;
  const columns = options.width - yLabelWidth - 1;
  const rows = options.height - (marks ? 2 : 1);
  if (columns < 2 || rows < 2) return null;
  const dots = glyphs.braille ? braille : halves;
  const across = style === 'dots' ? dots.across : 1;
  const sampled = curves.map(({ series }) => resample(series, range, columns * across));
  const values = sampled.flat();
  const logarithmic = options.logarithmic && values.some((value) => value > 0);
  const bounds = boundsOf(values, logarithmic);
  if (bounds === null) return null;
  const scale = scaleFor(bounds, logarithmic);
  const grid = emptyGrid(columns, rows);
  const heights = sampled.map((each) => each.map(scale.toUnit));
  curves.forEach(({ tone }, i) => (style === 'dots' ? drawDots(grid, heights[i], tone, dots) : drawLine(grid, heights[i], tone, glyphs)));
  curves.forEach((curve, i) => {
    if (curve.marker === null) return;
    const perColumn = heights[i].filter((_, column) => column % across === 0);
    drawMarks(grid, markedColumns(curve, { range, columns, index: i }), perColumn, { text: curve.marker, tone: curve.tone });
  });
  const label = written ? (y: number) => `${written(y)} `.padStart(yLabelWidth) : yLabeller(bounds, rows);
  return [
    ...grid.map((cells, row): Line => [{ text: `${label(scale.fromUnit(1 - row / (rows - 1)))}${glyphs.axis}`, tone: 'muted' }, ...spansOf(cells)]),
    ...(marks ? [markLine(marks, range, columns)] : []),
    line([' '.repeat(yLabelWidth + 1) + xLabels(range, axis, columns), 'muted']),
  ];
}

function markedColumns({ series, marks = 'apart' }: Curve, { range, columns, index }: { readonly range: Range; readonly columns: number; readonly index: number }): readonly number[] {
  const points = columnsOf(series, range, columns);
  if (marks === 'points' && points.length <= columns / 3) return points;
  // Each curve begins a little later than the one before, so that marks of curves that run together do not cover each other.
  return Array.from({ length: Math.ceil(columns / apart) }, (_, i) => i * apart + ((index * 5) % apart)).filter((column) => column < columns);
}

function markLine(marks: readonly XMark[], { from, to }: Range, columns: number): Line {
  const cells = new Array<Cell>(columns).fill({ text: ' ', tone: 'plain' });
  for (const { x, glyph, tone } of marks) {
    if (x >= from && x <= to) cells[Math.round(((x - from) / Math.max(to - from, Number.MIN_VALUE)) * (columns - 1))] = { text: glyph, tone };
  }
  return [{ text: ' '.repeat(yLabelWidth + 1) }, ...spansOf(cells)];
}

/** `── train  ─•─ eval`: how each curve is drawn, and what it is. */
export function legend(curves: readonly Pick<Curve, 'name' | 'tone' | 'marker'>[], { horizontal }: Glyphs): Line {
  return curves.flatMap(({ name, tone, marker }, i): Line => line(i === 0 ? '' : '  ', [`${horizontal}${marker ?? horizontal}${marker === null ? '' : horizontal} ${name}`, tone]));
}
