/** The keys of the form. */
import type { Binding } from '../../keys.js';
import type { Table } from '../../screen.js';
import type { AppState, Message } from '../../state.js';
import { fieldBindings } from '../../widgets/field-keys.js';
import { filterTable, listBindings } from '../../widgets/list.js';
import type { ListAction } from '../../widgets/list.js';
import { currentKnob, currentProblem, typedPath } from './state.js';
import type { NewRunAction } from './state.js';

const form = (action: NewRunAction): Message => ({ type: 'newRun', action });
const modelList = (action: ListAction): Message => form({ type: 'model-list', action });
const datasetList = (action: ListAction): Message => form({ type: 'dataset-list', action });

const start: Binding<AppState, Message> = {
  keys: ['enter'],
  does: 'start the run',
  short: 'start',
  when: ({ newRun, connected }) => connected && !newRun.starting,
  act: ({ newRun }) => {
    const problem = currentProblem(newRun);
    return problem === null ? { ask: 'start', draft: newRun.draft } : { type: 'notice', notice: { tone: 'bad', text: problem } };
  },
};

const common: readonly Binding<AppState, Message>[] = [
  { keys: ['tab'], does: 'next pane', short: 'pane', act: () => form({ type: 'pane', by: 1 }) },
  { keys: ['shift+tab'], does: 'previous pane', act: () => form({ type: 'pane', by: -1 }) },
  { keys: ['u'], does: 'undo the last change', when: ({ newRun }) => newRun.past.length > 0, act: () => form({ type: 'undo' }) },
  { keys: ['ctrl+r'], does: 'redo', when: ({ newRun }) => newRun.future.length > 0, act: () => form({ type: 'redo' }) },
];

const typePath: Binding<AppState, Message> = { keys: ['e'], does: 'type a path', short: 'type a path', act: () => form({ type: 'edit', text: null }) };

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
    { keys: ['e'], does: 'type the value', short: 'type', act: () => form({ type: 'edit', text: null }) },
    { keys: ['backspace', 'x'], does: 'back to the default', short: 'default', act: () => form({ type: 'reset' }) },
    { keys: ['j', 'down'], does: 'down', act: () => form({ type: 'knob-move', by: 1 }) },
    { keys: ['k', 'up'], does: 'up', act: () => form({ type: 'knob-move', by: -1 }) },
    { keys: [']'], does: 'next section', act: () => form({ type: 'section-move', by: 1 }) },
    { keys: ['['], does: 'previous section', act: () => form({ type: 'section-move', by: -1 }) },
    { keys: ['ctrl+d', 'pagedown'], does: 'ten down', act: () => form({ type: 'knob-move', by: 10 }) },
    { keys: ['ctrl+u', 'pageup'], does: 'ten up', act: () => form({ type: 'knob-move', by: -10 }) },
    { keys: ['g', 'home'], does: 'to the first', act: () => form({ type: 'knob-move', by: -Infinity }) },
    { keys: ['G', 'end'], does: 'to the last', act: () => form({ type: 'knob-move', by: Infinity }) },
    ...common,
  ],
};

const isSelected = ({ newRun }: AppState): boolean => newRun.editing?.field.selected ?? false;

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
    { keys: ['right', 'end', 'ctrl+e'], does: 'keep the text and change its end; typing replaces it', short: 'keep the text (typing replaces it)', when: isSelected, act: () => form({ type: 'edit-type', action: { type: 'move', to: 'end' } }) },
    { keys: ['down', 'tab'], does: 'take it and go on', act: (state) => accept(state, form({ type: 'knob-move', by: 1 })) },
    { keys: ['up'], does: 'take it and go back', act: (state) => accept(state, form({ type: 'knob-move', by: -1 })) },
    ...fieldBindings<AppState, Message>((action) => form({ type: 'edit-type', action })),
  ],
};

const modelFilter: Table = filterTable<AppState, Message>(modelList);
const datasetFilter: Table = filterTable<AppState, Message>(datasetList);

export const newRunKeys: readonly Table[] = [model, dataset, settings, editing, modelFilter];

export function newRunTables({ newRun }: AppState): readonly Table[] {
  if (newRun.editing) return [editing];
  if (newRun.modelList.typing) return [modelFilter];
  if (newRun.datasetList.typing) return [datasetFilter];
  return [{ model, dataset, settings }[newRun.pane]];
}
