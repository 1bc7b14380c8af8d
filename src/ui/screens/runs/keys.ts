/** The keys of the history: of its table, and of a run that is open. */
import type { RunRecord } from '../../../store/rows.js';
import type { Table } from '../../screen.js';
import type { AppState, Message } from '../../state.js';
import { filterTable, listBindings } from '../../widgets/list.js';
import type { ListAction } from '../../widgets/list.js';
import { isLive } from '../live/state.js';
import { visibleRuns } from './state.js';
import type { RunsAction } from './state.js';

const history = (action: RunsAction): Message => ({ type: 'history', action });
const list = (action: ListAction): Message => history({ type: 'list', action });

export function runUnderCursor(state: AppState): RunRecord | null {
  return visibleRuns(state.runs, state.history)[state.history.list.cursor] ?? null;
}

function openedRun({ history: { opened } }: AppState): RunRecord | null {
  return opened?.data?.record ?? null;
}

const again = (run: RunRecord): Message[] => [
  { type: 'newRun', action: { type: 'load', draft: { ...run.config, name: null } } },
  { type: 'screen', screen: 'newRun' },
  { type: 'notice', notice: { tone: 'good', text: `The settings of ${run.name}: change them, then Enter starts a new run.` } },
];

const table: Table = {
  title: 'Runs',
  bindings: [
    { keys: ['enter'], does: 'open the run', short: 'open', when: (state) => runUnderCursor(state) !== null, act: (state) => ({ ask: 'open', runId: runUnderCursor(state)!.id }) },
    { keys: ['R'], does: 'resume a run that has ended early', short: 'resume', when: (state) => canGoOn(runUnderCursor(state)), act: (state) => ({ ask: 'resume', runId: runUnderCursor(state)!.id }) },
    { keys: ['a'], does: 'attach: watch and steer the live run', short: 'attach', when: (state) => isLiveOrFalse(runUnderCursor(state)), act: (state) => ({ ask: 'watch', runId: runUnderCursor(state)!.id }) },
    ...listBindings<AppState, Message>(list, (state) => state.history.list, 'filter: words, state:crashed, lora.r>=16, -note:debug'),
    { keys: ['o'], does: 'sort by the next column', short: 'sort', hint: ['o', 'O'], when: ({ runs }) => runs.length > 1, act: () => history({ type: 'sort' }) },
    { keys: ['O'], does: 'sort the other way round', when: ({ runs }) => runs.length > 1, act: () => history({ type: 'reverse' }) },
    { keys: ['n'], does: 'a new run with the same settings', short: 'run again', when: (state) => runUnderCursor(state) !== null, act: (state) => again(runUnderCursor(state)!) },
  ],
};

const open: Table = {
  title: 'Run',
  bindings: [
    { keys: ['esc', 'backspace'], does: 'back to the table', short: 'back', act: () => history({ type: 'close' }) },
    { keys: ['tab'], does: 'next tab', short: 'tab', act: () => history({ type: 'tab', by: 1 }) },
    { keys: ['shift+tab'], does: 'previous tab', act: () => history({ type: 'tab', by: -1 }) },
    { keys: ['R'], does: 'resume a run that has ended early', short: 'resume', when: (state) => canGoOn(openedRun(state)), act: (state) => ({ ask: 'resume', runId: openedRun(state)!.id }) },
    { keys: ['a'], does: 'attach: watch and steer the live run', short: 'attach', when: (state) => isLiveOrFalse(openedRun(state)), act: (state) => ({ ask: 'watch', runId: openedRun(state)!.id }) },
    { keys: ['n'], does: 'a new run with the same settings', short: 'run again', when: (state) => openedRun(state) !== null, act: (state) => again(openedRun(state)!) },
    { keys: ['j', 'down'], does: 'scroll down', short: 'scroll', act: () => history({ type: 'scroll', by: 1 }) },
    { keys: ['k', 'up'], does: 'scroll up', act: () => history({ type: 'scroll', by: -1 }) },
    { keys: ['ctrl+d', 'pagedown'], does: 'ten down', act: () => history({ type: 'scroll', by: 10 }) },
    { keys: ['ctrl+u', 'pageup'], does: 'ten up', act: () => history({ type: 'scroll', by: -10 }) },
    { keys: ['g', 'home'], does: 'to the top', act: () => history({ type: 'scroll', by: -Infinity }) },
    { keys: ['S'], does: 'smooth the training loss more, or not at all', short: 'smooth', act: () => ({ type: 'live', action: { type: 'draw', action: { type: 'smooth', by: 1 } } }) },
    { keys: ['y'], does: 'logarithmic loss axis', short: 'log', act: () => ({ type: 'live', action: { type: 'draw', action: { type: 'log-scale' } } }) },
  ],
};

function canGoOn(run: RunRecord | null): boolean {
  return run !== null && (run.state === 'stopped' || run.state === 'crashed' || run.state === 'failed');
}

function isLiveOrFalse(run: RunRecord | null): boolean {
  return run !== null && isLive(run);
}

const filtering: Table = filterTable<AppState, Message>(list);

export const runsKeys: readonly Table[] = [table, open, filtering];

export function runsTables(state: AppState): readonly Table[] {
  if (state.history.opened) return [open];
  if (state.runs.length === 0) return [];
  return state.history.list.typing ? [filtering] : [table];
}
