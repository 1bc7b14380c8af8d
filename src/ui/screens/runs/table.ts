/** The rows of the table: filtered as by `workbench runs --filter`, then sorted, or by families. */
import { filterRuns, sortBy } from '../../../store/query.js';
import type { RunRecord } from '../../../store/rows.js';
import { messageOf } from '../../../util/errors.js';
import { ageColumn, columnOf, lineageColumn } from './columns.js';
import { familiesOf } from './lineage.js';
import type { Families } from './lineage.js';

export interface Order {
  readonly list: { readonly filter: string };
  /** The name of a column, or `lineage`. */
  readonly sort: string;
  readonly reverse: boolean;
  /** Shows those that were archived too. */
  readonly archived?: boolean;
}

export interface Rows extends Families {
  /** Why the filter finds nothing, where it is not understood. */
  readonly problem: string | null;
}

let last: { readonly runs: readonly RunRecord[]; readonly key: string; readonly rows: Rows } | null = null;

/** Asked for many times a key, so the last answer is kept. */
export function tableRows(runs: readonly RunRecord[], { list: { filter }, sort, reverse, archived = false }: Order): Rows {
  const key = JSON.stringify([filter, sort, reverse, archived]);
  if (last?.runs !== runs || last.key !== key) {
    const { found, problem } = passing(archived ? runs : runs.filter((run) => !run.archived), filter);
    const families = sort === lineageColumn ? familiesOf(reverse ? found.toReversed() : found) : { rows: sorted(found, sort, reverse), depths: new Map<string, number>() };
    last = { runs, key, rows: { ...families, problem } };
  }
  return last.rows;
}

export function visibleRuns(runs: readonly RunRecord[], order: Order): readonly RunRecord[] {
  return tableRows(runs, order).rows;
}

function passing(runs: readonly RunRecord[], filter: string): { readonly found: readonly RunRecord[]; readonly problem: string | null } {
  try {
    return { found: filterRuns(runs, filter), problem: null };
  } catch (error) {
    return { found: [], problem: messageOf(error) };
  }
}

/** Runs come newest first from the store. Those without a value are last in either direction. */
function sorted(runs: readonly RunRecord[], sort: string, reverse: boolean): readonly RunRecord[] {
  if (sort === ageColumn) return reverse ? runs.toReversed() : runs;
  const value = columnOf(sort)?.value;
  return value === undefined ? runs : sortBy(runs, value, reverse);
}

/** "newest first": the direction in words. */
export function orderText({ sort, reverse }: Pick<Order, 'sort' | 'reverse'>): string {
  if (sort === ageColumn) return reverse ? 'oldest first' : 'newest first';
  if (sort === lineageColumn) return 'by lineage';
  const direction = columnOf(sort)?.right ? ['lowest first', 'highest first'] : ['A to Z', 'Z to A'];
  return `by ${sort}, ${direction[reverse ? 1 : 0]}`;
}
