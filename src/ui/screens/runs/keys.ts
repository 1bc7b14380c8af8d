/** The keys of the history: of its table, of what opens over it, and of a run that is open. */
import type { RunRecord } from '../../../store/rows.js';
import type { Binding } from '../../keys.js';
import type { Table } from '../../screen.js';
import type { AppState, Message } from '../../state.js';
import { fieldBindings } from '../../widgets/field-keys.js';
import { fieldOf, selectedField } from '../../widgets/field.js';
import { filterTable, listBindings } from '../../widgets/list.js';
import type { ListAction } from '../../widgets/list.js';
import { isUnended } from '../../../store/rows.js';
import type { MenuAction } from './menu.js';
import { visibleRuns } from './state.js';
import type { Editing, RunsAction } from './state.js';

const history = (action: RunsAction): Message => ({ type: 'history', action });
const list = (action: ListAction): Message => history({ type: 'list', action });
const menu = (action: MenuAction): Message => history({ type: 'menu', action });
/** Changes the table and keeps how it looks for the next time. */
const kept = (action: RunsAction): Message[] => [history(action), { ask: 'keep-table' }];

export function runUnderCursor(state: AppState): RunRecord | null {
  return visibleRuns(state.runs, state.history)[state.history.list.cursor] ?? null;
}

function openedRun({ history: { opened } }: AppState): RunRecord | null {
  return opened?.data?.record ?? null;
}

/** The marked runs; the one under the cursor, or the one that is open, where none is marked. */
export function chosenRuns(state: AppState): readonly RunRecord[] {
  const { marked, opened } = state.history;
  if (marked.length > 0 && !opened) {
    const wanted = new Set(marked);
    return state.runs.filter(({ id }) => wanted.has(id));
  }
  const one = opened ? openedRun(state) : runUnderCursor(state);
  return one === null ? [] : [one];
}

const again = (run: RunRecord): Message[] => [
  { type: 'newRun', action: { type: 'load', draft: { ...run.config, name: null } } },
  { type: 'screen', screen: 'newRun' },
  { type: 'notice', notice: { tone: 'good', text: `The settings of ${run.name}: change them, then Enter starts a new run.` } },
];

const edit = (what: Editing['what'], runs: readonly RunRecord[], text: string): Message => history({ type: 'edit', editing: { what, runIds: runs.map(({ id }) => id), field: text === '' ? fieldOf('') : selectedField(text) } });

const some = (state: AppState): boolean => chosenRuns(state).length > 0;
const one = (state: AppState): boolean => chosenRuns(state).length === 1;
const atRest = (state: AppState): boolean => some(state) && !chosenRuns(state).some(isUnended);

/** What can be done to runs, in the table and with one open. */
const deeds: readonly Binding<AppState, Message>[] = [
  { keys: ['R'], does: 'resume a run that has ended early', short: 'resume', when: (state) => one(state) && canGoOn(chosenRuns(state)[0]), act: (state) => ({ ask: 'resume', runId: chosenRuns(state)[0].id }) },
  { keys: ['a'], does: 'attach: watch and steer the live run', short: 'attach', when: (state) => one(state) && isUnended(chosenRuns(state)[0]), act: (state) => ({ ask: 'watch', runId: chosenRuns(state)[0].id }) },
  { keys: ['t'], does: 'tag: words to add, with a minus to take away', short: 'tag', when: some, act: (state) => edit('tags', chosenRuns(state), '') },
  { keys: ['m'], does: 'a note', when: some, act: (state) => edit('note', chosenRuns(state), one(state) ? chosenRuns(state)[0].note : '') },
  { keys: ['r'], does: 'rename', when: one, act: (state) => edit('name', chosenRuns(state), chosenRuns(state)[0].name) },
  { keys: ['A'], does: 'archive, or take out of the archive', when: some, act: (state) => ({ ask: 'archive', runIds: chosenRuns(state).map(({ id }) => id), archived: !chosenRuns(state).every(({ archived }) => archived) }) },
  { keys: ['D'], does: 'delete with all files; asks', when: atRest, act: (state) => ({ ask: 'delete', runIds: chosenRuns(state).map(({ id }) => id), sure: false }) },
  { keys: ['b'], does: 'branch: a new run from its newest checkpoint', when: (state) => one(state) && chosenRuns(state)[0].checkpoints.length > 0, act: (state) => ({ ask: 'branch', runId: chosenRuns(state)[0].id }) },
  { keys: ['Q'], does: 'queue again: new runs with the same settings; asks', when: some, act: (state) => ({ ask: 'queue-again', runIds: chosenRuns(state).map(({ id }) => id), sure: false }) },
  { keys: ['e'], does: 'export what it learned', when: (state) => one(state) && learned(chosenRuns(state)[0]), act: (state) => ({ ask: 'choose-export', runId: chosenRuns(state)[0].id }) },
  { keys: ['n'], does: 'a new run with the same settings', short: 'run again', when: one, act: (state) => again(chosenRuns(state)[0]) },
];

const table: Table = {
  title: 'Runs',
  bindings: [
    { keys: ['enter'], does: 'open the run', short: 'open', when: (state) => runUnderCursor(state) !== null, act: (state) => ({ ask: 'open', runId: runUnderCursor(state)!.id }) },
    { keys: ['space'], does: 'mark, or take the mark away', short: 'mark', when: (state) => runUnderCursor(state) !== null, act: () => history({ type: 'toggle' }) },
    { keys: ['v'], does: 'mark a range: from here, and again where it ends', when: (state) => runUnderCursor(state) !== null, act: () => history({ type: 'range' }) },
    { keys: ['*'], does: 'mark all that pass the filter', when: (state) => runUnderCursor(state) !== null, act: () => history({ type: 'mark-all' }) },
    { keys: ['c'], does: 'compare the marked runs', short: 'compare', when: ({ history: { marked } }) => marked.length > 1, act: ({ history: { marked } }) => ({ ask: 'compare', runIds: marked }) },
    { keys: ['esc'], does: 'take the marks away', when: ({ history: { marked, anchor, list: { filter } } }) => filter === '' && (marked.length > 0 || anchor !== null), act: () => history({ type: 'mark', ids: [] }) },
    ...listBindings<AppState, Message>(list, (state) => state.history.list, 'filter: words, state:crashed, lora.r>=16, -note:debug'),
    ...deeds,
    { keys: ['o'], does: 'sort by the next column', short: 'sort', hint: ['o', 'O'], when: ({ runs }) => runs.length > 1, act: () => kept({ type: 'sort' }) },
    { keys: ['O'], does: 'sort the other way round', when: ({ runs }) => runs.length > 1, act: () => kept({ type: 'reverse' }) },
    { keys: ['L'], does: 'lineage: branches below the run they come from', when: ({ runs }) => runs.length > 1, act: () => history({ type: 'lineage' }) },
    { keys: ['C'], does: 'choose columns', act: () => menu({ type: 'open', kind: 'columns' }) },
    { keys: ['f'], does: 'saved filters', when: ({ history: { filters } }) => filters.length > 0, act: () => menu({ type: 'open', kind: 'filters' }) },
    { keys: ['F'], does: 'save the filter', when: ({ history: { list: { filter } } }) => filter !== '', act: ({ history: { list: { filter } } }) => edit('filter name', [], filter) },
    { keys: ['.'], does: 'show archived runs too, or not', when: ({ runs }) => runs.some(({ archived }) => archived), act: () => history({ type: 'archived' }) },
  ],
};

const open: Table = {
  title: 'Run',
  bindings: [
    { keys: ['esc', 'backspace'], does: 'back to the table', short: 'back', act: () => history({ type: 'close' }) },
    { keys: ['tab'], does: 'next tab', short: 'tab', act: () => history({ type: 'tab', by: 1 }) },
    { keys: ['shift+tab'], does: 'previous tab', act: () => history({ type: 'tab', by: -1 }) },
    ...deeds,
    { keys: ['j', 'down'], does: 'scroll down', short: 'scroll', act: () => history({ type: 'scroll', by: 1 }) },
    { keys: ['k', 'up'], does: 'scroll up', act: () => history({ type: 'scroll', by: -1 }) },
    { keys: ['ctrl+d', 'pagedown'], does: 'ten down', act: () => history({ type: 'scroll', by: 10 }) },
    { keys: ['ctrl+u', 'pageup'], does: 'ten up', act: () => history({ type: 'scroll', by: -10 }) },
    { keys: ['g', 'home'], does: 'to the top', act: () => history({ type: 'scroll', by: -Infinity }) },
    { keys: ['S'], does: 'smooth the training loss more, or not at all', short: 'smooth', act: () => ({ type: 'live', action: { type: 'draw', action: { type: 'smooth', by: 1 } } }) },
    { keys: ['y'], does: 'logarithmic loss axis', short: 'log', act: () => ({ type: 'live', action: { type: 'draw', action: { type: 'log-scale' } } }) },
  ],
};

const filter = filterTable<AppState, Message>(list);
const filtering: Table = {
  ...filter,
  bindings: [{ keys: ['tab'], does: 'complete a name or a value; again for the next', short: 'complete', act: () => history({ type: 'complete' }) }, ...filter.bindings.map((binding) => ({ ...binding, keys: binding.keys.filter((key) => key !== 'tab') }))],
};

const inMenu = (action: ListAction): Message => menu({ type: 'list', action });
const emptied = { cursor: 0, filter: '', typing: null } as const;

const columnsTable: Table = {
  title: 'Columns',
  modal: true,
  bindings: [
    { keys: ['space', 'enter'], does: 'show the column, or not', short: 'show', act: () => kept({ type: 'menu', action: { type: 'choose' } }) },
    { keys: ['H', 'left'], does: 'further to the left', short: 'move', hint: ['H', 'L'], act: () => kept({ type: 'menu', action: { type: 'shift', by: -1 } }) },
    { keys: ['L', 'right'], does: 'further to the right', act: () => kept({ type: 'menu', action: { type: 'shift', by: 1 } }) },
    { keys: ['u'], does: 'the usual ones', short: 'usual', act: () => kept({ type: 'menu', action: { type: 'usual' } }) },
    ...listBindings<AppState, Message>(inMenu, (state) => state.history.menu?.list ?? emptied),
    { keys: ['esc', 'C', 'q'], does: 'back to the table', short: 'back', act: () => menu({ type: 'close' }) },
  ],
};

const filtersTable: Table = {
  title: 'Saved filters',
  modal: true,
  bindings: [
    { keys: ['enter'], does: 'filter the runs by it', short: 'filter', act: () => menu({ type: 'choose' }) },
    { keys: ['D'], does: 'forget it', short: 'forget', act: ({ history: { filters, menu: opened } }) => kept({ type: 'preferences', preferences: { filters: filters.filter((_, i) => i !== opened?.list.cursor) } }) },
    ...listBindings<AppState, Message>(inMenu, (state) => state.history.menu?.list ?? emptied).filter(({ keys }) => !keys.includes('/') && !keys.includes('esc')),
    { keys: ['esc', 'f', 'q'], does: 'back to the table', short: 'back', act: () => menu({ type: 'close' }) },
  ],
};

const menuFiltering: Table = filterTable<AppState, Message>(inMenu);

const editing: Table = {
  title: 'Typing',
  modal: true,
  text: (_, text) => history({ type: 'edit-type', action: { type: 'insert', text } }),
  bindings: [
    { keys: ['enter'], does: 'keep it', short: 'keep', act: ({ history: { editing: typed } }) => (typed ? [history({ type: 'edit', editing: null }), { ask: 'take-text', what: typed.what, runIds: typed.runIds, text: typed.field.text }] : []) },
    { keys: ['esc'], does: 'leave it as it was', short: 'cancel', act: () => history({ type: 'edit', editing: null }) },
    ...fieldBindings<AppState, Message>((action) => history({ type: 'edit-type', action })),
  ],
};

export const runsKeys: readonly Table[] = [table, open, filtering, columnsTable, filtersTable, menuFiltering, editing];

export function runsTables({ history: { opened, editing: typed, menu: menuState, list: listState }, runs }: AppState): readonly Table[] {
  if (typed) return [editing];
  if (opened) return [open];
  if (menuState) return menuState.list.typing ? [menuFiltering] : [menuState.kind === 'columns' ? columnsTable : filtersTable];
  if (runs.length === 0) return [];
  return listState.typing ? [filtering] : [table];
}

function canGoOn(run: RunRecord): boolean {
  return run.state === 'stopped' || run.state === 'crashed' || run.state === 'failed';
}

function learned(run: RunRecord): boolean {
  return run.output !== null || run.checkpoints.length > 0;
}
