/** The keys of the comparison. */
import type { DrawingAction } from '../../drawing.js';
import type { Table } from '../../screen.js';
import type { AppState, Message } from '../../state.js';
import type { CompareAction } from './state.js';

const compare = (action: CompareAction): Message => ({ type: 'compare', action });
const draw = (action: DrawingAction): Message => compare({ type: 'draw', action });
const some = ({ compare: { runIds } }: AppState): boolean => runIds.length > 0;
const toRuns: Message = { type: 'screen', screen: 'history' };

const table: Table = {
  title: 'Compare',
  bindings: [
    { keys: ['p'], does: 'pin the run as the baseline, or unpin it', short: 'baseline', when: some, act: () => compare({ type: 'pin' }) },
    { keys: ['tab', ']'], does: 'next metric', short: 'metric', when: some, act: () => compare({ type: 'metric', by: 1 }) },
    { keys: ['shift+tab', '['], does: 'previous metric', when: some, act: () => compare({ type: 'metric', by: -1 }) },
    { keys: ['x'], does: 'x by step, tokens or time', short: 'x axis', when: some, act: () => draw({ type: 'axis' }) },
    { keys: ['y'], does: 'logarithmic y axis', short: 'log', when: some, act: () => draw({ type: 'log-scale' }) },
    { keys: ['S'], does: 'smooth more, or not at all', short: 'smooth', when: some, act: () => draw({ type: 'smooth', by: 1 }) },
    { keys: ['B'], does: 'draw with lines or with dots', when: some, act: () => draw({ type: 'style' }) },
    { keys: ['space'], does: 'hide the curve of the run, or show it', short: 'hide', when: some, act: () => compare({ type: 'hide' }) },
    { keys: ['d'], does: 'compare it no longer', when: some, act: () => compare({ type: 'drop' }) },
    { keys: ['j', 'down'], does: 'next run', when: some, act: () => compare({ type: 'move', by: 1 }) },
    { keys: ['k', 'up'], does: 'run before', when: some, act: () => compare({ type: 'move', by: -1 }) },
    { keys: ['g', 'home'], does: 'first run', when: some, act: () => compare({ type: 'move', by: -Infinity }) },
    { keys: ['G', 'end'], does: 'last run', when: some, act: () => compare({ type: 'move', by: Infinity }) },
    { keys: ['ctrl+d', 'pagedown'], does: 'further down in the differences', when: some, act: () => compare({ type: 'scroll', by: 3 }) },
    { keys: ['ctrl+u', 'pageup'], does: 'further up in the differences', when: some, act: () => compare({ type: 'scroll', by: -3 }) },
    { keys: ['enter'], does: 'open the run', short: 'open', when: some, act: ({ compare: { runIds, cursor } }) => ({ ask: 'open', runId: runIds[cursor] }) },
    { keys: ['esc'], does: 'to the table of runs', short: 'runs', act: () => toRuns },
  ],
};

export const compareKeys: readonly Table[] = [table];

export function compareTables(): readonly Table[] {
  return compareKeys;
}
