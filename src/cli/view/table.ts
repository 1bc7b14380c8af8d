/** Rows as aligned columns of text. */
import { clean, fit, widthOf } from '../../ui/format/text.js';
import type { Tone } from '../../ui/theme.js';
import type { Style } from '../terminal.js';

export interface Column<Row> {
  readonly title: string;
  /** Numbers are set to the right. */
  readonly right?: boolean;
  readonly value: (row: Row) => string;
  readonly tone?: (row: Row) => Tone;
  /** Left out where the table is too wide, the last such column first. */
  readonly spare?: boolean;
}

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
  while (totalWidth(filled) > width) {
    const last = filled.findLastIndex(({ column }) => column.spare);
    if (last < 0) break;
    filled.splice(last, 1);
  }
  const header = filled.map(({ column, width }) => fit(column.title, width, column)).join('  ');
  const lines = rows.map((row, i) =>
    filled
      .map(({ column, cells, width }) => style.paint(fit(cells[i], width, column), column.tone?.(row) ?? 'plain'))
      .join('  ')
      .trimEnd(),
  );
  return [style.paint(header.trimEnd(), 'muted'), ...lines];
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
