/** Rows as columns of text, with a heading and a cursor. */
import { fitLine, lineWidth, reversed } from '../format/line.js';
import type { Line, Span } from '../format/line.js';
import { fit } from '../format/text.js';
import type { Glyphs } from '../theme.js';
import { windowStart } from './list.js';

export interface Column<Row> {
  readonly title: string;
  /** Columns it takes; the one with `grow` takes what the others leave. */
  readonly width: number;
  readonly grow?: boolean;
  readonly right?: boolean;
  readonly cell: (row: Row) => Span;
}

export interface TableOptions {
  readonly width: number;
  /** With the heading. */
  readonly height: number;
  readonly cursor: number;
  /** Shows the cursor. */
  readonly focused: boolean;
  readonly glyphs: Glyphs;
}

/** What the growing column shrinks to at most, where the others leave no more. */
const narrowest = 4;

/** At most `height` lines, a heading first where the columns have titles. */
export function tableLines<Row>(rows: readonly Row[], columns: readonly Column<Row>[], options: TableOptions): Line[] {
  const { width, cursor, focused, glyphs } = options;
  const spare = width - columns.reduce((sum, column) => sum + column.width + 1, -1);
  const widths = columns.map((column) => (column.grow ? Math.max(narrowest, column.width + spare) : column.width));
  const titled = columns.some(({ title }) => title !== '');
  const height = options.height - (titled ? 1 : 0);
  const start = windowStart(cursor, rows.length, height);
  const heading = columns.map(({ title, right }, i): Span => ({ text: fit(title, widths[i], { right, ellipsis: glyphs.ellipsis }), tone: 'muted' }));
  const body = rows.slice(start, start + height).map((row, i) => {
    const spans = columns.map((column, c): Span => {
      const cell = column.cell(row);
      return { ...cell, text: fit(cell.text, widths[c], { right: column.right, ellipsis: glyphs.ellipsis }) };
    });
    const whole = spaced(spans);
    return start + i === cursor && focused ? reversed(fitLine(whole, Math.max(width, lineWidth(whole)))) : whole;
  });
  return titled ? [spaced(heading), ...body] : body;
}

function spaced(cells: readonly Span[]): Line {
  return cells.flatMap((cell, i) => (i === 0 ? [cell] : [{ text: ' ' }, cell]));
}
