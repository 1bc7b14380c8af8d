/** The history: a table of every run, and one of them opened. */
import type { RunRecord } from '../../../store/rows.js';
import type { RunData } from '../../run-data.js';
import { emptyList, filterRows, reduceList } from '../../widgets/list.js';
import type { ListAction, ListState } from '../../widgets/list.js';

export const sortKeys = ['newest', 'name', 'state', 'loss', 'eval loss'] as const;
export type SortKey = (typeof sortKeys)[number];

export const tabs = ['configuration', 'samples', 'checkpoints', 'warnings'] as const;
export type Tab = (typeof tabs)[number];

/** One run opened. */
export interface Opened {
  readonly runId: string;
  readonly data: RunData | null;
  readonly tab: Tab;
  readonly scroll: number;
}

export interface RunsState {
  readonly list: ListState;
  readonly sort: SortKey;
  readonly opened: Opened | null;
}

export type RunsAction =
  | { readonly type: 'list'; readonly action: ListAction }
  | { readonly type: 'sort' }
  | { readonly type: 'open'; readonly runId: string }
  | { readonly type: 'data'; readonly data: RunData }
  | { readonly type: 'tab'; readonly by: 1 | -1 }
  | { readonly type: 'scroll'; readonly by: number }
  | { readonly type: 'close' };

export const initialRuns: RunsState = { list: emptyList, sort: 'newest', opened: null };

export function reduceRuns(state: RunsState, action: RunsAction, runs: readonly RunRecord[]): RunsState {
  switch (action.type) {
    case 'list':
      return { ...state, list: reduceList(state.list, action.action, visibleRuns(runs, state).length) };
    case 'sort':
      return { ...state, sort: sortKeys[(sortKeys.indexOf(state.sort) + 1) % sortKeys.length], list: { ...state.list, cursor: 0 } };
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

/** The rows of the table: filtered, then sorted. Asked for many times a key, so the last answer is kept. */
export function visibleRuns(runs: readonly RunRecord[], { list: { filter }, sort }: Pick<RunsState, 'list' | 'sort'>): readonly RunRecord[] {
  if (last?.runs !== runs || last.filter !== filter || last.sort !== sort) {
    const passing = filterRows(runs, filter, searchedText);
    last = { runs, filter, sort, rows: sort === 'newest' ? passing : passing.toSorted(orders[sort]) };
  }
  return last.rows;
}

let last: { readonly runs: readonly RunRecord[]; readonly filter: string; readonly sort: SortKey; readonly rows: readonly RunRecord[] } | null = null;

function searchedText({ name, id, state, reason, config }: RunRecord): string {
  return `${name} ${id} ${state} ${config.model} ${config.dataset.path} ${config.finetuning} ${reason ?? ''}`;
}

/** The cursor stays on its run when other runs come and go. */
export function followRun(state: RunsState, before: readonly RunRecord[], after: readonly RunRecord[]): RunsState {
  const id = visibleRuns(before, state)[state.list.cursor]?.id;
  const rows = visibleRuns(after, state);
  const at = rows.findIndex((run) => run.id === id);
  const cursor = at >= 0 ? at : Math.max(0, Math.min(state.list.cursor, rows.length - 1));
  return cursor === state.list.cursor ? state : { ...state, list: { ...state.list, cursor } };
}

const orders: { readonly [K in Exclude<SortKey, 'newest'>]: (a: RunRecord, b: RunRecord) => number } = {
  name: (a, b) => a.name.localeCompare(b.name),
  state: (a, b) => a.state.localeCompare(b.state),
  loss: (a, b) => lowestFirst(a.train_loss, b.train_loss),
  'eval loss': (a, b) => lowestFirst(a.eval_loss, b.eval_loss),
};

/** Runs without a value come last. */
function lowestFirst(a: number | null, b: number | null): number {
  const [x, y] = [a ?? Infinity, b ?? Infinity];
  return x === y ? 0 : x - y;
}
