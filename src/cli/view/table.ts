/** Rows as aligned columns of text. */
import { clean, cut, cutLeft, fit, widthOf } from '../../ui/format/text.js';
import type { Tone } from '../../ui/theme.js';
import type { Style } from '../terminal.js';

export interface Column<Row> {
  readonly title: string;
  /** Numbers are set to the right. */
  readonly right?: boolean;
  readonly value: (row: Row) => string;
  readonly tone?: (row: Row) => Tone;
  /** Shortened in the middle where the table is too wide: the ends of names and paths tell them apart. */
  readonly shrink?: boolean;
  /** Left out where the table is too wide, the last such column first. */
  readonly spare?: boolean;
}

/** Others are left out before a column shrinks below this; below the least none shrinks. */
const legible = 20;
const least = 8;

export interface TableLook {
  readonly style: Style;
  /** In columns; unlimited if not given. */
  readonly width?: number;
}

/** The header and a line a row, two spaces between columns; columns that are empty in every row are left out. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], { style, width = Infinity }: TableLook): string[] {
  const filled = columns
    .map((column) => ({ column, cells: rows.map((row) => clean(column.value(row))) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''))
    .map(({ column, cells }) => ({ column, cells, width: Math.max(...[column.title, ...cells].map(widthOf)) }));
  const shrunk = () => totalWidth(filled.map(({ column, width }) => ({ width: column.shrink ? Math.min(width, legible) : width })));
  while (shrunk() > width) {
    const last = filled.findLastIndex(({ column }) => column.spare);
    if (last < 0) break;
    filled.splice(last, 1);
  }
  shrink(filled, width);
  const header = filled.map(({ column, width }) => fit(column.title, width, column)).join('  ');
  const lines = rows.map((row, i) =>
    filled
      .map(({ column, cells, width }) => style.paint(fit(cutMiddle(cells[i], width, style.glyphs.ellipsis), width, column), column.tone?.(row) ?? 'plain'))
      .join('  ')
      .trimEnd(),
  );
  return [style.paint(header.trimEnd(), 'muted'), ...lines];
}

/** Takes from the widest column that may shrink until the table fits, or nothing can be read any more. */
function shrink(columns: { readonly column: { readonly shrink?: boolean }; width: number }[], width: number): void {
  for (let excess = totalWidth(columns) - width; excess > 0; excess--) {
    const widest = columns.filter(({ column }) => column.shrink).sort((a, b) => b.width - a.width).at(0);
    if (widest === undefined || widest.width <= least) return;
    widest.width--;
  }
}

/** At most `width` columns, both ends kept. */
export function cutMiddle(text: string, width: number, ellipsis: string): string {
  if (widthOf(text) <= width) return text;
  const end = Math.floor((width - 1) / 2);
  return cut(text, width - end, ellipsis) + cutLeft(text, end + 1, '');
}

function totalWidth(columns: readonly { readonly width: number }[]): number {
  return columns.reduce((sum, column) => sum + column.width + 2, -2);
}

/** `label  value` lines, the labels of one width; a null value leaves its line out. */
export function facts(pairs: readonly (readonly [label: string, value: string | null])[], style: Style): string[] {
  const shown = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== null);
  const width = Math.max(...shown.map(([label]) => label.length));
  return shown.map(([label, value]) => `${style.paint(label.padEnd(width), 'muted')}  ${value}`);
}
