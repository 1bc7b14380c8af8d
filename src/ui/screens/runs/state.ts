/** The history: a table of every run, what is marked in it, and one of them opened. */
import { completeQuery } from '../../../store/query.js';
import type { RunRecord } from '../../../store/rows.js';
import type { RunData } from '../../run-data.js';
import { fieldOf, reduceField } from '../../widgets/field.js';
import type { Field, FieldAction } from '../../widgets/field.js';
import { emptyList, reduceList } from '../../widgets/list.js';
import type { ListAction, ListState } from '../../widgets/list.js';
import { ageColumn, columnOf, lineageColumn } from './columns.js';
import type { Sketch } from './columns.js';
import type { ExportPlace } from './exports.js';
import { menuRows, reduceMenu } from './menu.js';
import type { Menu, MenuAction } from './menu.js';
import { visibleRuns } from './table.js';
import type { Order } from './table.js';

export { orderText, tableRows, visibleRuns } from './table.js';

export const tabs = ['configuration', 'samples', 'checkpoints', 'warnings'] as const;
export type Tab = (typeof tabs)[number];

/** One run opened. */
export interface Opened {
  readonly runId: string;
  readonly data: RunData | null;
  readonly tab: Tab;
  readonly scroll: number;
}

/** What is typed about runs, and of which. */
export interface Editing {
  readonly what: 'tags' | 'note' | 'name' | 'filter name' | ExportPlace;
  readonly runIds: readonly string[];
  readonly field: Field;
}

export interface SavedFilter {
  readonly name: string;
  readonly query: string;
}

/** What is kept between sessions. */
export interface TablePreferences {
  /** Names of columns in their order; null: what there is room for. */
  readonly columns: readonly string[] | null;
  readonly sort: string;
  readonly reverse: boolean;
  readonly filters: readonly SavedFilter[];
}

export interface RunsState extends TablePreferences, Order {
  readonly list: ListState;
  /** What Tab went through while the filter is typed: the words in turn after the text before them. */
  readonly completing: { readonly before: string; readonly words: readonly string[]; readonly index: number } | null;
  readonly archived: boolean;
  /** Ids, in the order in which they were marked. */
  readonly marked: readonly string[];
  /** Where a range of marks began. */
  readonly anchor: string | null;
  readonly menu: Menu | null;
  readonly editing: Editing | null;
  readonly sketches: Readonly<Record<string, Sketch>>;
  readonly opened: Opened | null;
}

export type RunsAction =
  | { readonly type: 'list'; readonly action: ListAction }
  | { readonly type: 'complete' }
  | { readonly type: 'sort' }
  | { readonly type: 'reverse' }
  | { readonly type: 'lineage' }
  | { readonly type: 'archived' }
  | { readonly type: 'toggle' }
  | { readonly type: 'range' }
  | { readonly type: 'mark'; readonly ids: readonly string[] }
  | { readonly type: 'mark-all' }
  | { readonly type: 'filter'; readonly query: string }
  | { readonly type: 'menu'; readonly action: MenuAction }
  | { readonly type: 'edit'; readonly editing: Editing | null }
  | { readonly type: 'edit-type'; readonly action: FieldAction }
  | { readonly type: 'preferences'; readonly preferences: Partial<TablePreferences> }
  | { readonly type: 'sketches'; readonly sketches: Readonly<Record<string, Sketch>> }
  /** The cursor onto a run, where it is in the table. */
  | { readonly type: 'point'; readonly runId: string }
  | { readonly type: 'open'; readonly runId: string }
  | { readonly type: 'data'; readonly data: RunData }
  | { readonly type: 'tab'; readonly by: 1 | -1 }
  | { readonly type: 'scroll'; readonly by: number }
  | { readonly type: 'close' };

export const initialRuns: RunsState = {
  list: emptyList, completing: null, columns: null, sort: ageColumn, reverse: false, filters: [], archived: false,
  marked: [], anchor: null, menu: null, editing: null, sketches: {}, opened: null,
};

/** In the order in which `o` goes through them, whatever columns are shown. */
const usualOrders = [ageColumn, 'state', 'name', 'loss', 'eval loss'];

export function reduceRuns(state: RunsState, action: RunsAction, runs: readonly RunRecord[]): RunsState {
  const rows = (): readonly RunRecord[] => visibleRuns(runs, state);
  const toTop = { ...state.list, cursor: 0 };
  switch (action.type) {
    case 'list':
      return { ...state, completing: null, list: reduceList(state.list, action.action, rows().length) };
    case 'complete':
      return completed(state, runs);
    case 'sort':
      return { ...state, sort: nextOrder(state), reverse: false, list: toTop };
    case 'reverse':
      return { ...state, reverse: !state.reverse, list: toTop };
    case 'lineage':
      return followRun({ ...state, sort: state.sort === lineageColumn ? ageColumn : lineageColumn, reverse: false }, runs, runs, rows()[state.list.cursor]?.id);
    case 'archived':
      return followRun({ ...state, archived: !state.archived }, runs, runs, rows()[state.list.cursor]?.id);
    case 'toggle':
      return toggled(state, rows());
    case 'range':
      return state.anchor === null ? { ...state, anchor: rows()[state.list.cursor]?.id ?? null } : { ...state, anchor: null, marked: union(state.marked, rangeOf(state, rows())) };
    case 'mark':
      return { ...state, anchor: null, marked: action.ids };
    case 'mark-all':
      return { ...state, anchor: null, marked: union(state.marked, rows().map(({ id }) => id)) };
    case 'filter':
      return { ...state, menu: null, list: { cursor: 0, filter: action.query, typing: null } };
    case 'menu':
      return reduceMenuIn(state, action.action);
    case 'edit':
      return { ...state, editing: action.editing };
    case 'edit-type':
      return state.editing ? { ...state, editing: { ...state.editing, field: reduceField(state.editing.field, action.action) } } : state;
    case 'preferences':
      return { ...state, ...action.preferences };
    case 'sketches':
      return { ...state, sketches: action.sketches };
    case 'point':
      return followRun(state, runs, runs, action.runId);
    case 'open':
      return { ...state, opened: { runId: action.runId, data: null, tab: 'configuration', scroll: 0 } };
    case 'data':
      return state.opened?.runId === action.data.record.id ? { ...state, opened: { ...state.opened, data: action.data } } : state;
    case 'tab':
      return state.opened ? { ...state, opened: { ...state.opened, tab: tabs[(tabs.indexOf(state.opened.tab) + action.by + tabs.length) % tabs.length], scroll: 0 } } : state;
    case 'scroll':
      return state.opened ? { ...state, opened: { ...state.opened, scroll: Math.max(0, state.opened.scroll + action.by) } } : state;
    case 'close':
      return { ...state, opened: null };
  }
}

/** The cursor stays on its run when other runs come and go; marks of runs that are gone go with them. */
export function followRun(state: RunsState, before: readonly RunRecord[], after: readonly RunRecord[], under = visibleRuns(before, state)[state.list.cursor]?.id): RunsState {
  const rows = visibleRuns(after, state);
  const at = rows.findIndex((run) => run.id === under);
  const cursor = at >= 0 ? at : Math.max(0, Math.min(state.list.cursor, rows.length - 1));
  const marked = state.marked.length === 0 ? state.marked : stillThere(state.marked, after);
  return cursor === state.list.cursor && marked === state.marked && state.anchor === null ? state : { ...state, marked, list: { ...state.list, cursor } };
}

/** The ids between the anchor and the cursor, both among them; none where no range was begun. */
export function rangeOf({ anchor, list }: Pick<RunsState, 'anchor' | 'list'>, rows: readonly RunRecord[]): readonly string[] {
  const from = anchor === null ? -1 : rows.findIndex(({ id }) => id === anchor);
  if (from < 0) return [];
  return rows.slice(Math.min(from, list.cursor), Math.max(from, list.cursor) + 1).map(({ id }) => id);
}

function toggled(state: RunsState, rows: readonly RunRecord[]): RunsState {
  if (state.anchor !== null) return { ...state, anchor: null, marked: union(state.marked, rangeOf(state, rows)) };
  const id = rows[state.list.cursor]?.id;
  if (id === undefined) return state;
  const marked = state.marked.includes(id) ? state.marked.filter((each) => each !== id) : [...state.marked, id];
  return { ...state, marked, list: reduceList(state.list, { type: 'move', by: 1 }, rows.length) };
}

function nextOrder({ sort, columns }: Pick<RunsState, 'sort' | 'columns'>): string {
  const orders = columns === null ? usualOrders : columns.filter((name) => columnOf(name)?.value !== undefined);
  return orders[(orders.indexOf(sort) + 1) % orders.length] ?? ageColumn;
}

function completed(state: RunsState, runs: readonly RunRecord[]): RunsState {
  const typed = state.list.typing?.text.slice(0, state.list.typing.caret);
  if (typed === undefined) return state;
  const found = completeQuery(typed, runs);
  const completing = state.completing ? { ...state.completing, index: (state.completing.index + 1) % state.completing.words.length } : { before: typed.slice(0, found.from), words: found.words, index: 0 };
  if (completing.words.length === 0) return state;
  const typing = fieldOf(completing.before + completing.words[completing.index]);
  return { ...state, completing, list: { cursor: 0, filter: typing.text, typing } };
}

function reduceMenuIn(state: RunsState, action: MenuAction): RunsState {
  const { menu, columns } = reduceMenu(state, action);
  if (action.type === 'choose' && state.menu?.kind === 'filters') {
    const chosen = menuRows(state.menu, state)[state.menu.list.cursor];
    const saved = state.filters.find(({ name }) => name === chosen?.name);
    return saved ? { ...state, menu: null, list: { cursor: 0, filter: saved.query, typing: null } } : { ...state, menu };
  }
  return { ...state, menu, columns };
}

function stillThere(ids: readonly string[], runs: readonly RunRecord[]): readonly string[] {
  const known = new Set(runs.map(({ id }) => id));
  return ids.every((id) => known.has(id)) ? ids : ids.filter((id) => known.has(id));
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])];
}
