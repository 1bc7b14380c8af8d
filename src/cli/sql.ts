import { homeFolder } from '../config/home.js';
import { openReader } from '../store/reader.js';
import type { SqlResult, SqlValue } from '../store/sql.js';
import { UserError } from '../util/errors.js';
import { formatNumber } from '../util/format.js';
import type { Terminal } from './terminal.js';
import { csvLines } from './view/csv.js';
import { facts, table } from './view/table.js';

interface Options {
  readonly json?: true;
  readonly csv?: true;
}

/** Rows of a table. */
const mostRows = 1000;

/** Answers a query in SQL; without one it tells what can be asked for. */
export async function sql(terminal: Terminal, query: string | undefined, { json, csv }: Options): Promise<void> {
  if (json && csv) throw new UserError('--json or --csv, not both');
  const reader = openReader(homeFolder(terminal.env));
  try {
    if (query === undefined) {
      const views = reader.sqlViews();
      if (json) terminal.json(views);
      else terminal.print(views.map(({ name, tells, columns }) => facts([[name, tells], ['', terminal.style.paint(columns.join(', '), 'muted')]], terminal.style).join('\n')).join('\n'));
      return;
    }
    // A table is laid out over all of its rows, and nobody reads more; what goes from here to a program is whole.
    const whole = (json || csv) && terminal.tableWidth === Infinity;
    const result = reader.sql(query, whole ? {} : { rows: mostRows });
    if (json) terminal.json(result.rows.map((row) => Object.fromEntries(row.map((value, i) => [result.columns[i], value]))));
    else if (csv) csvLines(result.columns, result.rows).forEach(terminal.print);
    else if (result.rows.length === 0) terminal.note('No rows.');
    else sqlLines(result, terminal).forEach(terminal.print);
    if (result.cut) terminal.note(`workbench: these are the first ${mostRows.toLocaleString('en')} rows: a limit or a condition in the query shows others, --csv or --json into a file or a pipe gives all`);
  } finally {
    reader.close();
  }
}

function sqlLines({ columns, rows }: SqlResult, { style, tableWidth }: Pick<Terminal, 'style' | 'tableWidth'>): string[] {
  const numeric = (i: number): boolean => rows.every((row) => row[i] === null || typeof row[i] === 'number');
  return table(columns.map((title, i) => ({ title, value: (row: readonly SqlValue[]) => cellText(row[i]), right: numeric(i), shrink: !numeric(i) })), rows, { style, width: tableWidth });
}

function cellText(value: SqlValue): string {
  return value === null ? 'null' : typeof value === 'number' && !Number.isInteger(value) ? formatNumber(value) : String(value);
}
