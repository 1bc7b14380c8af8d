/** Curves drawn into a grid of characters. Heights are shares of the grid from its bottom, in [0, 1]; one that is not finite is a gap. */
import { plot } from 'asciichart';
import type { Glyphs, Tone } from '../theme.js';
import type { Span } from './line.js';

export interface Cell {
  readonly text: string;
  readonly tone: Tone;
}

/** Rows from the top, each of as many cells. */
export type Grid = Cell[][];

const empty: Cell = { text: ' ', tone: 'plain' };

export function emptyGrid(columns: number, rows: number): Grid {
  return Array.from({ length: rows }, () => new Array<Cell>(columns).fill(empty));
}

/** A height a column. asciichart knows no gaps: they are bridged flat for it and left out of what it drew. */
export function drawLine(grid: Grid, heights: readonly number[], tone: Tone, glyphs: Glyphs): void {
  const top = grid.length - 1;
  const bridged = bridge(heights.map((height) => height * top));
  if (bridged === null) return;
  const drawn = plot([...bridged, bridged.at(-1)!], { min: 0, max: top, height: top, offset: 1, symbols: glyphs.chart, format: () => ' ' }).split('\n');
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

/** Dots in a cell: how many side by side and one below the other, and the character of a set of them. Bit `x · down + y` is the dot in column x, row y from the top. */
export interface Dots {
  readonly across: number;
  readonly down: number;
  character(set: number): string;
}

const brailleBits = [0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80];

/** Unicode 15.1, section 21.1: the dots 1 to 8 are the bits of the code point, the lowest two of them added later. */
export const braille: Dots = {
  across: 2,
  down: 4,
  character: (set) => String.fromCharCode(0x2800 + brailleBits.reduce((code, bit, dot) => ((set >> dot) & 1 ? code | bit : code), 0)),
};

/** An upper and a lower dot, for terminals without braille. */
export const halves: Dots = { across: 1, down: 2, character: (set) => [' ', "'", '.', ':'][set] };

/** A height a column of dots, joined by the dots between it and the one before. Keeps the dots of curves drawn before. */
export function drawDots(grid: Grid, heights: readonly number[], tone: Tone, { across, down, character }: Dots): void {
  const top = grid.length * down - 1;
  const sets = new Map<string, number>();
  const set = (column: number, level: number): void => {
    const [row, y] = [Math.floor((top - level) / down), (top - level) % down];
    const key = `${row} ${Math.floor(column / across)}`;
    sets.set(key, (sets.get(key) ?? 0) | (1 << ((column % across) * down + y)));
  };
  heights.forEach((height, column) => {
    if (!Number.isFinite(height)) return;
    const level = Math.round(height * top);
    const before = column > 0 && Number.isFinite(heights[column - 1]) ? Math.round(heights[column - 1] * top) : level;
    const step = Math.sign(before - level);
    for (let at = level; at !== before; at += step) set(column, at);
    set(column, level);
  });
  for (const [key, dots] of sets) {
    const [row, column] = key.split(' ').map(Number);
    grid[row][column] = { text: character(dots), tone };
  }
}

/** A character on the curve at each of the columns; a height a column. */
export function drawMarks(grid: Grid, columns: readonly number[], heights: readonly number[], mark: Cell): void {
  for (const column of columns) {
    const row = Math.round((1 - heights[column]) * (grid.length - 1));
    if (grid[row]?.[column]) grid[row][column] = mark;
  }
}

/** A row as spans: neighbours of one tone together. */
export function spansOf(cells: readonly Cell[]): Span[] {
  const spans: { text: string; tone: Tone }[] = [];
  for (const cell of cells) {
    const last = spans.at(-1);
    if (last && (last.tone === cell.tone || cell.text === ' ')) last.text += cell.text;
    else spans.push({ ...cell });
  }
  return spans;
}
