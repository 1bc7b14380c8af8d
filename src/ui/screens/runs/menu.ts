/** What opens over the table: columns to choose, or filters that were saved. */
import { fuzzyRows } from '../../format/fuzzy.js';
import { emptyList, reduceList } from '../../widgets/list.js';
import type { ListAction, ListState } from '../../widgets/list.js';
import { columnOf, runColumns } from './columns.js';

export interface Menu {
  readonly kind: 'columns' | 'filters';
  readonly list: ListState;
}

export type MenuAction =
  | { readonly type: 'open'; readonly kind: Menu['kind'] }
  | { readonly type: 'close' }
  | { readonly type: 'list'; readonly action: ListAction }
  /** A column on or off; a filter into the table. */
  | { readonly type: 'choose' }
  /** The column under the cursor further left or right. */
  | { readonly type: 'shift'; readonly by: 1 | -1 }
  | { readonly type: 'usual' };

export interface MenuRow {
  readonly name: string;
  readonly tells: string;
  readonly chosen: boolean;
}

interface Choices {
  readonly menu: Menu | null;
  readonly columns: readonly string[] | null;
  readonly filters: readonly { readonly name: string; readonly query: string }[];
}

/** What is taken where the first column is chosen by hand. */
const startingColumns = ['state', 'name', 'loss', 'eval loss', 'age', 'step', 'curve'];

/** Chosen columns first, in their order; then the others. */
export function menuRows({ kind, list }: Menu, { columns, filters }: Omit<Choices, 'menu'>): readonly MenuRow[] {
  const chosen = columns ?? startingColumns;
  const all = kind === 'filters'
    ? filters.map(({ name, query }) => ({ name, tells: query, chosen: false }))
    : [...chosen, ...runColumns.map(({ name }) => name).filter((name) => !chosen.includes(name))].map((name) => ({ name, tells: columnOf(name)?.title ?? '', chosen: chosen.includes(name) }));
  return fuzzyRows(all, list.filter, ({ name, tells }) => `${name} ${tells}`);
}

export function reduceMenu(state: Choices, action: MenuAction): Pick<Choices, 'menu' | 'columns'> {
  const { menu, columns } = state;
  if (action.type === 'open') return { menu: { kind: action.kind, list: emptyList }, columns };
  if (menu === null || action.type === 'close') return { menu: null, columns };
  const rows = menuRows(menu, state);
  const under = rows[menu.list.cursor];
  switch (action.type) {
    case 'list':
      return { menu: { ...menu, list: reduceList(menu.list, action.action, rows.length) }, columns };
    case 'usual':
      return { menu, columns: null };
    case 'choose':
      return menu.kind === 'filters' || under === undefined ? { menu, columns } : { menu: keptOn(menu, state, toggledColumn(columns ?? startingColumns, under.name), under.name), columns: toggledColumn(columns ?? startingColumns, under.name) };
    case 'shift': {
      if (menu.kind === 'filters' || !under?.chosen) return { menu, columns };
      const moved = shifted(columns ?? startingColumns, under.name, action.by);
      return { menu: keptOn(menu, state, moved, under.name), columns: moved };
    }
  }
}

/** The cursor stays on its column where the order changes. */
function keptOn(menu: Menu, state: Choices, columns: readonly string[], name: string): Menu {
  const cursor = menuRows(menu, { ...state, columns }).findIndex((row) => row.name === name);
  return { ...menu, list: { ...menu.list, cursor: Math.max(0, cursor) } };
}

/** The last one stays: a table needs a column. */
function toggledColumn(columns: readonly string[], name: string): readonly string[] {
  if (!columns.includes(name)) return [...columns, name];
  return columns.length === 1 ? columns : columns.filter((each) => each !== name);
}

function shifted(columns: readonly string[], name: string, by: 1 | -1): readonly string[] {
  const at = columns.indexOf(name);
  const to = Math.max(0, Math.min(columns.length - 1, at + by));
  return columns.filter((each) => each !== name).toSpliced(to, 0, name);
}
