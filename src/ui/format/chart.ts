/** A line chart as lines of the screen: asciichart draws each line on one scale, axes and overlay are made here. */
import { plot } from 'asciichart';
import type { Glyphs, Tone } from '../theme.js';
import type { Line, Span } from './line.js';
import { columnsOf, resample } from './series.js';
import type { Range, Series } from './series.js';

export interface ChartSeries {
  readonly series: Series;
  readonly tone: Tone;
  /** Marks every point: for a series of few. */
  readonly marks: boolean;
}

export interface ChartOptions {
  /** Columns and lines of the whole chart, axes included; at least 20 × 4. */
  readonly width: number;
  readonly height: number;
  readonly range: Range;
  readonly logarithmic: boolean;
  readonly glyphs: Glyphs;
}

interface Cell {
  readonly text: string;
  readonly tone: Tone;
}

const labelWidth = 9;
const empty: Cell = { text: ' ', tone: 'plain' };

/** Exactly `height` lines of at most `width` columns; null when there is no finite point in the range. */
export function chartLines(all: readonly ChartSeries[], options: ChartOptions): Line[] | null {
  const columns = options.width - labelWidth - 1;
  const rows = options.height - 1;
  const sampled = all.map((each) => ({ ...each, values: resample(each.series, options.range, columns) }));
  const bounds = boundsOf(sampled.flatMap(({ values }) => values));
  if (bounds === null || columns < 2 || rows < 2) return null;
  const scale = scaleFor(bounds, options.logarithmic);
  const label = labeller(bounds, rows);
  const grid = Array.from({ length: rows }, () => new Array<Cell>(columns).fill(empty));
  for (const each of sampled) {
    const heights = each.values.map((value) => scale.toUnit(value) * (rows - 1));
    drawLine(grid, heights, each.tone, options.glyphs);
    if (each.marks) drawMarks(grid, columnsOf(each.series, options.range, columns), heights, { text: options.glyphs.mark, tone: each.tone });
  }
  const plotted = grid.map((cells, row): Line => [{ text: `${label(scale.fromUnit(1 - row / (rows - 1)))}${options.glyphs.axis}`, tone: 'muted' }, ...runs(cells)]);
  return [...plotted, stepAxis(options.range, columns)];
}

/** Lowest and highest finite value; a constant gets room on both sides. */
function boundsOf(values: readonly number[]): readonly [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return null;
  const room = Math.abs(low) * 0.05 || 1;
  return low === high ? [low - room, high + room] : [low, high];
}

interface Scale {
  /** Into [0, 1]. */
  toUnit(value: number): number;
  fromUnit(share: number): number;
}

function scaleFor([low, high]: readonly [number, number], logarithmic: boolean): Scale {
  if (logarithmic && low > 0) {
    const [from, to] = [Math.log(low), Math.log(high)];
    return { toUnit: (value) => (Math.log(value) - from) / (to - from), fromUnit: (share) => Math.exp(from + share * (to - from)) };
  }
  return { toUnit: (value) => (value - low) / (high - low), fromUnit: (share) => low + share * (high - low) };
}

/** `heights` in rows from the bottom. asciichart knows no gaps: they are bridged flat for it and left out of what it drew. */
function drawLine(grid: Cell[][], heights: readonly number[], tone: Tone, glyphs: Glyphs): void {
  const bridged = bridge(heights);
  if (bridged === null) return;
  const drawn = plot([...bridged, bridged.at(-1)!], { min: 0, max: grid.length - 1, height: grid.length - 1, offset: 1, symbols: glyphs.chart, format: () => ' ' }).split('\n');
  grid.forEach((cells, row) => {
    for (let column = 0; column < cells.length; column++) {
      const text = drawn[row][column + 1] ?? ' ';
      if (text !== ' ' && Number.isFinite(heights[column])) cells[column] = { text, tone };
    }
  });
}

function bridge(heights: readonly number[]): number[] | null {
  const first = heights.find(Number.isFinite);
  if (first === undefined) return null;
  let last = first;
  return heights.map((height) => (last = Number.isFinite(height) ? height : last));
}

function drawMarks(grid: Cell[][], columns: readonly number[], heights: readonly number[], mark: Cell): void {
  for (const column of columns) {
    const row = grid.length - 1 - Math.round(heights[column]);
    if (grid[row]?.[column]) grid[row][column] = mark;
  }
}

function runs(cells: readonly Cell[]): Span[] {
  const spans: { text: string; tone: Tone }[] = [];
  for (const cell of cells) {
    const last = spans.at(-1);
    if (last && (last.tone === cell.tone || cell.text === ' ')) last.text += cell.text;
    else spans.push({ ...cell });
  }
  return spans;
}

function stepAxis({ from, to }: Range, columns: number): Line {
  const left = String(from);
  const middle = String(Math.round((from + to) / 2));
  const right = String(to);
  const before = Math.max(1, Math.floor((columns - middle.length) / 2) - left.length);
  const after = Math.max(1, columns - left.length - before - middle.length - right.length);
  const roomy = columns >= left.length + middle.length + right.length + 8;
  const text = roomy && middle !== left && middle !== right ? left + ' '.repeat(before) + middle + ' '.repeat(after) + right : left + ' '.repeat(Math.max(1, columns - left.length - right.length)) + right;
  return [{ text: ' '.repeat(labelWidth + 1) + text, tone: 'muted' }];
}

/** As many decimals on every label as tell two neighbouring rows apart. */
function labeller([low, high]: readonly [number, number], rows: number): (value: number) => string {
  const decimals = Math.max(0, Math.ceil(-Math.log10((high - low) / (rows - 1))));
  const exponent = decimals > 6 || Math.max(Math.abs(low), Math.abs(high)) >= 1e6;
  return (value) => `${exponent ? value.toExponential(2) : value.toFixed(decimals)} `.padStart(labelWidth).slice(-labelWidth);
}
