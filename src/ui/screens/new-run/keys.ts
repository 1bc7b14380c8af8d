/** The keys of the form. */
import type { Binding } from '../../keys.js';
import type { Table } from '../../screen.js';
import type { AppState, Message } from '../../state.js';
import { fieldBindings } from '../../widgets/field-keys.js';
import { filterTable, listBindings } from '../../widgets/list.js';
import type { ListAction } from '../../widgets/list.js';
import type { View } from './detail.js';
import { pickerKeys, savingKeys } from './dialog-keys.js';
import type { NewRunAction } from './reduce.js';
import { blockingProblem, currentKnob, isProbing, typedPath } from './state.js';

type Key = Binding<AppState, Message>;

const form = (action: NewRunAction): Message => ({ type: 'newRun', action });
const modelList = (action: ListAction): Message => form({ type: 'model-list', action });
const datasetList = (action: ListAction): Message => form({ type: 'dataset-list', action });

const start: Key = {
  keys: ['enter'],
  does: 'start the run',
  short: 'start',
  when: ({ newRun, connected }) => connected && !newRun.starting,
  act: ({ newRun }) => {
    const problem = blockingProblem(newRun);
    return problem === null ? { ask: 'start', draft: newRun.draft } : { type: 'notice', notice: { tone: 'bad', text: problem } };
  },
};

const show = (view: View): Message => form({ type: 'detail', action: { type: 'show', view } });

const common: readonly Key[] = [
  { keys: ['tab'], does: 'next pane', short: 'pane', act: () => form({ type: 'pane', by: 1 }) },
  { keys: ['shift+tab'], does: 'previous pane', act: () => form({ type: 'pane', by: -1 }) },
  { keys: ['p'], does: 'take a preset: a few knobs that belong together', short: 'presets', act: () => form({ type: 'picker', action: { type: 'open', what: 'presets' } }) },
  { keys: ['o'], does: 'start from a past run or an experiment file', short: 'open', act: () => form({ type: 'picker', action: { type: 'open', what: 'starts' } }) },
  { keys: ['w'], does: 'write it as an experiment file', act: () => ({ ask: 'name-file' }) },
  { keys: ['t'], does: 'time a few updates, to predict the run', short: 'time it', when: ({ newRun, connected }) => connected && !isProbing(newRun), act: () => ({ ask: 'probe' }) },
  { keys: ['t'], does: 'stop timing', short: 'stop timing', when: ({ newRun }) => isProbing(newRun), act: () => ({ ask: 'stop-probe' }) },
  { keys: ['c'], does: 'what it takes', act: () => show('costs') },
  { keys: ['d'], does: 'the data as the model sees it', short: 'data', act: () => show('rows') },
  { keys: ['L'], does: 'how long the rows are, and what max_length cuts', act: () => show('lengths') },
  { keys: ['D'], does: 'what has changed since the start', act: () => show('changes') },
  { keys: ['y'], does: 'the experiment file and the command', short: 'YAML', act: () => show('file') },
  { keys: ['u'], does: 'undo the last change', when: ({ newRun }) => newRun.past.length > 0, act: () => form({ type: 'undo' }) },
  { keys: ['ctrl+r'], does: 'redo', when: ({ newRun }) => newRun.future.length > 0, act: () => form({ type: 'redo' }) },
];

const typePath: Key = { keys: ['e'], does: 'type a path', short: 'path', act: () => form({ type: 'edit', text: null }) };

const model: Table = { title: 'Model', bindings: [start, ...listBindings<AppState, Message>(modelList, ({ newRun }) => newRun.modelList), typePath, ...common] };
const dataset: Table = { title: 'Dataset', bindings: [start, ...listBindings<AppState, Message>(datasetList, ({ newRun }) => newRun.datasetList), typePath, ...common] };

const numeric = ({ newRun }: AppState): boolean => ['int', 'float'].includes(currentKnob(newRun)?.kind ?? '');

const settings: Table = {
  title: 'Settings',
  bindings: [
    start,
    { keys: ['left', 'h', '-'], does: 'lower, or the choice before', act: () => ({ ask: 'step', direction: -1 }) },
    { keys: ['right', 'l', '+', 'space'], does: 'higher, or the next choice', short: 'change', hint: ['left', 'right'], act: () => ({ ask: 'step', direction: 1 }) },
    { keys: [...'0123456789.'], does: 'type a number', when: numeric, act: (_, key) => form({ type: 'edit', text: key }) },
    { keys: ['e'], does: 'type the value', act: () => form({ type: 'edit', text: null }) },
    { keys: ['backspace', 'x'], does: 'back to the default', act: () => form({ type: 'reset' }) },
    { keys: ['j', 'down'], does: 'down', act: () => form({ type: 'knob-move', by: 1 }) },
    { keys: ['k', 'up'], does: 'up', act: () => form({ type: 'knob-move', by: -1 }) },
    { keys: [']'], does: 'next section', act: () => form({ type: 'section-move', by: 1 }) },
    { keys: ['['], does: 'previous section', act: () => form({ type: 'section-move', by: -1 }) },
    { keys: ['n'], does: 'next knob that is not as it was at the start', act: () => form({ type: 'changed-move', by: 1 }) },
    { keys: ['N'], does: 'the one before', act: () => form({ type: 'changed-move', by: -1 }) },
    { keys: ['ctrl+d', 'pagedown'], does: 'ten down', act: () => form({ type: 'knob-move', by: 10 }) },
    { keys: ['ctrl+u', 'pageup'], does: 'ten up', act: () => form({ type: 'knob-move', by: -10 }) },
    { keys: ['g', 'home'], does: 'to the first', act: () => form({ type: 'knob-move', by: -Infinity }) },
    { keys: ['G', 'end'], does: 'to the last', act: () => form({ type: 'knob-move', by: Infinity }) },
    ...common,
  ],
};

const isView = (...wanted: readonly View[]) => ({ newRun }: AppState): boolean => wanted.includes(newRun.detail.view);
const turn = (by: number): Key['act'] => ({ newRun }) => form({ type: 'detail', action: { type: 'row', by, of: newRun.looked?.preview?.rows.length ?? 0 } });
const scroll = (by: number): Message => form({ type: 'detail', action: { type: 'scroll', by } });

const detail: Table = {
  title: 'Around the draft',
  bindings: [
    start,
    { keys: ['esc'], does: 'back to the settings', short: 'back', act: () => form({ type: 'to-pane', pane: 'settings' }) },
    { keys: [']'], does: 'next view: costs, rows, lengths, changes, file', short: 'view', hint: ['[', ']'], act: () => form({ type: 'detail', action: { type: 'next', by: 1 } }) },
    { keys: ['['], does: 'previous view', act: () => form({ type: 'detail', action: { type: 'next', by: -1 } }) },
    { keys: ['right', 'l', 'n'], does: 'next row', short: 'row', hint: ['left', 'right'], when: isView('rows'), act: turn(1) },
    { keys: ['left', 'h', 'N'], does: 'previous row', when: isView('rows'), act: turn(-1) },
    { keys: ['space'], does: 'as tokens, or as text', short: 'tokens/text', when: isView('rows'), act: () => form({ type: 'detail', action: { type: 'as-text' } }) },
    { keys: ['Y'], does: 'copy the command', short: 'copy command', when: isView('file'), act: () => ({ ask: 'copy', what: 'command' }) },
    { keys: ['y'], does: 'copy the file', short: 'copy file', when: isView('file'), act: () => ({ ask: 'copy', what: 'file' }) },
    { keys: ['j', 'down'], does: 'scroll down', act: () => scroll(1) },
    { keys: ['k', 'up'], does: 'scroll up', act: () => scroll(-1) },
    { keys: ['ctrl+d', 'pagedown'], does: 'ten lines down', act: () => scroll(10) },
    { keys: ['ctrl+u', 'pageup'], does: 'ten lines up', act: () => scroll(-10) },
    { keys: ['g', 'home'], does: 'to the top', act: () => scroll(-Infinity) },
    ...common,
  ],
};

const isSelected = ({ newRun }: AppState): boolean => newRun.editing?.field.selected ?? false;
const canComplete = ({ newRun }: AppState): boolean => (newRun.editing?.completions.length ?? 0) > 0;

/** A path has to be looked for before it is taken; a value counts already. */
function accept({ newRun }: AppState, ...then: Message[]): Message[] {
  const path = typedPath(newRun);
  return path === null ? [form({ type: 'edit-accept' }), ...then] : [{ ask: 'take-path', ...path }];
}

const editing: Table = {
  title: 'Typing',
  modal: true,
  text: (_, text) => form({ type: 'edit-type', action: { type: 'insert', text } }),
  bindings: [
    { keys: ['enter'], does: 'take the value', short: 'take', act: (state) => accept(state) },
    { keys: ['esc'], does: 'leave it as it was', short: 'cancel', act: () => form({ type: 'edit-cancel' }) },
    { keys: ['tab'], does: 'complete the path', short: 'complete', when: canComplete, act: () => form({ type: 'complete' }) },
    { keys: ['right', 'end', 'ctrl+e'], does: 'keep the text and change its end; typing replaces it', short: 'keep the text (typing replaces it)', when: isSelected, act: () => form({ type: 'edit-type', action: { type: 'move', to: 'end' } }) },
    { keys: ['down', 'tab'], does: 'take it and go on', act: (state) => accept(state, form({ type: 'knob-move', by: 1 })) },
    { keys: ['up'], does: 'take it and go back', act: (state) => accept(state, form({ type: 'knob-move', by: -1 })) },
    ...fieldBindings<AppState, Message>((action) => form({ type: 'edit-type', action })),
  ],
};

const modelFilter: Table = filterTable<AppState, Message>(modelList);
const datasetFilter: Table = filterTable<AppState, Message>(datasetList);

export const newRunKeys: readonly Table[] = [model, dataset, settings, detail, editing, modelFilter, pickerKeys, savingKeys];

export function newRunTables({ newRun }: AppState): readonly Table[] {
  if (newRun.saving) return [savingKeys];
  if (newRun.picker) return [pickerKeys];
  if (newRun.editing) return [editing];
  if (newRun.modelList.typing) return [modelFilter];
  if (newRun.datasetList.typing) return [datasetFilter];
  return [{ model, dataset, settings, detail }[newRun.pane]];
}
