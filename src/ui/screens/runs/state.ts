/** The history: a table of every run, and one of them opened. */
import { filterRuns } from '../../../store/query.js';
import type { RunRecord } from '../../../store/rows.js';
import { messageOf } from '../../../util/errors.js';
import type { RunData } from '../../run-data.js';
import { emptyList, reduceList } from '../../widgets/list.js';
import type { ListAction, ListState } from '../../widgets/list.js';

/** In the order of the columns, from the one that sorts at first. */
export const sortKeys = ['age', 'state', 'name', 'loss', 'eval loss'] as const;
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
  readonly reverse: boolean;
  readonly opened: Opened | null;
}

export type RunsAction =
  | { readonly type: 'list'; readonly action: ListAction }
  | { readonly type: 'sort' }
  | { readonly type: 'reverse' }
  | { readonly type: 'open'; readonly runId: string }
  | { readonly type: 'data'; readonly data: RunData }
  | { readonly type: 'tab'; readonly by: 1 | -1 }
  | { readonly type: 'scroll'; readonly by: number }
  | { readonly type: 'close' };

export const initialRuns: RunsState = { list: emptyList, sort: 'age', reverse: false, opened: null };

export function reduceRuns(state: RunsState, action: RunsAction, runs: readonly RunRecord[]): RunsState {
  switch (action.type) {
    case 'list':
      return { ...state, list: reduceList(state.list, action.action, visibleRuns(runs, state).length) };
    case 'sort':
      return { ...state, sort: sortKeys[(sortKeys.indexOf(state.sort) + 1) % sortKeys.length], reverse: false, list: { ...state.list, cursor: 0 } };
    case 'reverse':
      return { ...state, reverse: !state.reverse, list: { ...state.list, cursor: 0 } };
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

type Order = Pick<RunsState, 'list' | 'sort' | 'reverse'>;

interface Rows {
  readonly rows: readonly RunRecord[];
  /** Why the filter finds nothing, where it is not understood. */
  readonly problem: string | null;
}

/** The rows of the table: filtered as by `workbench runs --filter`, then sorted. Asked for many times a key, so the last answer is kept. */
export function tableRows(runs: readonly RunRecord[], { list: { filter }, sort, reverse }: Order): Rows {
  if (last?.runs !== runs || last.filter !== filter || last.sort !== sort || last.reverse !== reverse) {
    const { rows, problem } = passing(runs, filter);
    last = { runs, filter, sort, reverse, rows: sorted(rows, sort, reverse), problem };
  }
  return last;
}

let last: (Rows & Pick<RunsState, 'sort' | 'reverse'> & { readonly runs: readonly RunRecord[]; readonly filter: string }) | null = null;

export function visibleRuns(runs: readonly RunRecord[], order: Order): readonly RunRecord[] {
  return tableRows(runs, order).rows;
}

function passing(runs: readonly RunRecord[], filter: string): Rows {
  try {
    return { rows: filterRuns(runs, filter), problem: null };
  } catch (error) {
    return { rows: [], problem: messageOf(error) };
  }
}

/** The cursor stays on its run when other runs come and go. */
export function followRun(state: RunsState, before: readonly RunRecord[], after: readonly RunRecord[]): RunsState {
  const id = visibleRuns(before, state)[state.list.cursor]?.id;
  const rows = visibleRuns(after, state);
  const at = rows.findIndex((run) => run.id === id);
  const cursor = at >= 0 ? at : Math.max(0, Math.min(state.list.cursor, rows.length - 1));
  return cursor === state.list.cursor ? state : { ...state, list: { ...state.list, cursor } };
}

/** Runs come newest first from the store. Those without a value are last in either direction. */
function sorted(runs: readonly RunRecord[], sort: SortKey, reverse: boolean): readonly RunRecord[] {
  if (sort === 'age') return reverse ? runs.toReversed() : runs;
  const read = sortedBy[sort];
  const [having, lacking] = [runs.filter((run) => read(run) !== null), runs.filter((run) => read(run) === null)];
  return [...having.sort((a, b) => (reverse ? -1 : 1) * order(read(a)!, read(b)!)), ...lacking];
}

const sortedBy: { readonly [K in Exclude<SortKey, 'age'>]: (run: RunRecord) => string | number | null } = {
  name: ({ name }) => name,
  state: ({ state }) => state,
  loss: ({ train_loss }) => train_loss,
  'eval loss': ({ eval_loss }) => eval_loss,
};

function order(a: string | number, b: string | number): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));
}

/** "newest first": the direction in words. */
export function orderText({ sort, reverse }: Pick<RunsState, 'sort' | 'reverse'>): string {
  if (sort === 'age') return reverse ? 'oldest first' : 'newest first';
  const direction = sort === 'loss' || sort === 'eval loss' ? ['lowest first', 'highest first'] : ['A to Z', 'Z to A'];
  return `by ${sort}, ${direction[reverse ? 1 : 0]}`;
}
