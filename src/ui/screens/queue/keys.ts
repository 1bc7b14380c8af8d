/** The keys of the queue. */
import type { Binding } from '../../keys.js';
import type { Table } from '../../screen.js';
import type { AppState, Message } from '../../state.js';
import type { FieldAction } from '../../widgets/field.js';
import { fieldBindings } from '../../widgets/field-keys.js';
import { isUnended } from '../../../store/rows.js';
import { entryUnderCursor } from './state.js';
import type { Entry, QueueAction, Standing } from './state.js';

const queue = (action: QueueAction): Message => ({ type: 'queue', action });
const move = (by: number): Message => queue({ type: 'move', by });

const under = ({ queue: state }: AppState): Entry | null => entryUnderCursor(state);
const stands = (...wanted: readonly Standing[]) => (state: AppState): boolean => wanted.includes(under(state)?.standing as Standing);
const inLine = (state: AppState): boolean => (under(state)?.place ?? null) !== null;
const idOf = (state: AppState): string => under(state)?.run.id ?? '';
const isPaused = (state: AppState): boolean => under(state)?.run.state === 'paused';
const waiting = ({ queue: { entries } }: AppState): number => entries.filter(({ place }) => place !== null).length;
const cutOff = ({ queue: { entries } }: AppState): number => entries.filter(({ standing }) => standing === 'cut off').length;

const removing = (state: AppState): Message => {
  const entry = under(state);
  const then: readonly Message[] = entry ? [{ ask: 'queue-remove', runId: entry.run.id }] : [];
  return { type: 'ask', dialog: { title: 'Remove', question: `Take ${entry?.run.name ?? 'it'} out of the line? It ends as stopped${entry && entry.run.step > 0 ? '; what it has learned is kept' : ' before it began'}.`, answers: [{ keys: ['y'], does: 'take it out', then }, { keys: ['n', 'esc', 'enter'], does: 'let it wait', then: [] }] } };
};

const stopping = (state: AppState): Message => {
  const entry = under(state);
  const then: readonly Message[] = entry ? [{ ask: 'control', runId: entry.run.id, control: 'stop' }] : [];
  return { type: 'ask', dialog: { title: 'Stop', question: `Stop ${entry?.run.name ?? 'it'}? It saves after the step it is in; R among the runs resumes it.`, answers: [{ keys: ['y'], does: 'stop and save', then }, { keys: ['n', 'esc', 'enter'], does: 'let it go on', then: [] }] } };
};

const shift = (place: (entry: Entry) => number): Binding<AppState, Message>['act'] => (state) => {
  const entry = under(state);
  return entry?.place ? { ask: 'queue-move', runId: entry.run.id, place: place(entry) } : [];
};

const table: Table = {
  title: 'Queue',
  bindings: [
    { keys: ['enter'], does: 'watch the run, or open one that has ended', short: 'open', when: (state) => under(state) !== null, act: (state) => (isUnended(under(state)!.run) ? { ask: 'watch', runId: idOf(state) } : { ask: 'open', runId: idOf(state) }) },
    { keys: ['a'], does: 'put an experiment file in line', short: 'add file', act: () => queue({ type: 'add' }) },
    { keys: ['f'], does: 'put the new run in line, as its form is filled in', short: 'add form', act: ({ newRun }) => ({ ask: 'queue-form', draft: newRun.draft }) },
    { keys: ['K'], does: 'one place up', short: 'move', hint: ['K', 'J'], when: inLine, act: shift(({ place }) => Math.max(1, (place ?? 1) - 1)) },
    { keys: ['J'], does: 'one place down', when: inLine, act: shift(({ place }) => (place ?? 1) + 1) },
    { keys: ['T'], does: 'to the front of the line', when: inLine, act: shift(() => 1) },
    { keys: ['B'], does: 'to the end of the line', when: inLine, act: shift(() => Number.MAX_SAFE_INTEGER) },
    { keys: ['x', 'd'], does: 'take it out of the line; asks', short: 'remove', when: stands('waiting'), act: removing },
    { keys: ['R'], does: 'have a run that was cut off or stopped go on', short: 'resume', when: (state) => stands('cut off', 'ended')(state) && under(state)?.run.state !== 'completed', act: (state) => ({ ask: 'resume', runId: idOf(state) }) },
    { keys: ['I'], does: 'have all that were cut off go on, before what waits', short: 'resume all', when: (state) => cutOff(state) > 0, act: () => ({ ask: 'queue-resume-all' }) },
    { keys: ['p'], does: 'pause', short: 'pause', when: (state) => stands('running')(state) && !isPaused(state), act: (state) => ({ ask: 'control', runId: idOf(state), control: 'pause' }) },
    { keys: ['p', 'c'], does: 'continue', short: 'continue', when: isPaused, act: (state) => ({ ask: 'control', runId: idOf(state), control: 'continue' }) },
    { keys: ['s'], does: 'stop the run; asks', short: 'stop', when: stands('running'), act: stopping },
    { keys: ['S'], does: 'have the line worked on, where nobody does', short: 'start', when: (state) => waiting(state) > 0, act: () => ({ ask: 'queue-start' }) },
    { keys: ['+', '='], does: 'one more at once', short: 'at once', hint: ['+', '-'], act: () => ({ ask: 'queue-parallel', by: 1 }) },
    { keys: ['-'], does: 'one fewer at once; none that runs is ended', when: ({ queue: { parallel } }) => parallel > 1, act: () => ({ ask: 'queue-parallel', by: -1 }) },
    { keys: ['j', 'down'], does: 'down', act: () => move(1) },
    { keys: ['k', 'up'], does: 'up', act: () => move(-1) },
    { keys: ['ctrl+d', 'pagedown'], does: 'ten down', act: () => move(10) },
    { keys: ['ctrl+u', 'pageup'], does: 'ten up', act: () => move(-10) },
    { keys: ['g', 'home'], does: 'to the first', act: () => move(-Infinity) },
    { keys: ['G', 'end'], does: 'to the last', act: () => move(Infinity) },
  ],
};

const type = (action: FieldAction): Message[] => [queue({ type: 'path', action: { type: 'type', action } }), { ask: 'queue-complete' }];

const adding: Table = {
  title: 'Experiment file',
  modal: true,
  text: (_, text) => type({ type: 'insert', text }),
  bindings: [
    { keys: ['enter'], does: 'put it in line', short: 'add', when: ({ connected }) => connected, act: ({ queue: { adding: path } }) => ({ ask: 'queue-file', path: path?.field.text ?? '' }) },
    { keys: ['tab'], does: 'complete the path', short: 'complete', act: () => [queue({ type: 'path', action: { type: 'complete' } }), { ask: 'queue-complete' }] },
    { keys: ['esc'], does: 'add nothing', short: 'cancel', act: () => queue({ type: 'close' }) },
    ...fieldBindings<AppState, Message>(type),
  ],
};

export const queueKeys: readonly Table[] = [table, adding];

export function queueTables({ queue: state }: AppState): readonly Table[] {
  return [state.adding ? adding : table];
}
