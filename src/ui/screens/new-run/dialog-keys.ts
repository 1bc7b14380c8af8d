/** The keys of what opens over the form: the list of starts, and the name of a file. */
import type { Table } from '../../screen.js';
import type { AppState, Message } from '../../state.js';
import type { FieldAction } from '../../widgets/field.js';
import { fieldBindings } from '../../widgets/field-keys.js';
import type { ListAction } from '../../widgets/list.js';
import { startsOf } from './picker.js';
import type { Start } from './picker.js';

/** What the picker offers now. */
export function shownStarts({ newRun, runs }: AppState): readonly Start[] {
  return newRun.picker === null ? [] : startsOf(newRun.picker, { presets: newRun.presets, files: newRun.files, runs });
}

const list = (state: AppState, action: ListAction): Message => ({ type: 'newRun', action: { type: 'picker', action: { type: 'list', action, count: shownStarts(state).length } } });
const close: Message = { type: 'newRun', action: { type: 'picker', action: { type: 'close' } } };

export const pickerKeys: Table = {
  title: 'Start from',
  modal: true,
  text: (state, text) => list(state, { type: 'filter-type', action: { type: 'insert', text } }),
  bindings: [
    {
      keys: ['enter'], does: 'take it', short: 'take',
      act: (state) => {
        const start = shownStarts(state)[state.newRun.picker?.list.cursor ?? 0];
        return start === undefined ? close : { ask: 'begin-from', start };
      },
    },
    { keys: ['esc'], does: 'leave the draft as it is', short: 'cancel', act: () => close },
    { keys: ['down', 'tab'], does: 'down', short: 'choose', hint: ['up', 'down'], act: (state) => list(state, { type: 'move', by: 1 }) },
    { keys: ['up', 'shift+tab'], does: 'up', act: (state) => list(state, { type: 'move', by: -1 }) },
    { keys: ['pagedown', 'ctrl+d'], does: 'ten down', act: (state) => list(state, { type: 'move', by: 10 }) },
    { keys: ['pageup'], does: 'ten up', act: (state) => list(state, { type: 'move', by: -10 }) },
    { keys: ['backspace'], does: 'delete the character before', act: (state) => list(state, { type: 'filter-type', action: { type: 'backspace' } }) },
    { keys: ['ctrl+u'], does: 'clear the filter', act: (state) => list(state, { type: 'filter-type', action: { type: 'clear' } }) },
  ],
};

const type = (action: FieldAction): Message => ({ type: 'newRun', action: { type: 'saving', action: { type: 'type', action } } });

export const savingKeys: Table = {
  title: 'Write a file',
  modal: true,
  text: (_, text) => type({ type: 'insert', text }),
  bindings: [
    { keys: ['enter'], does: 'write it; asks before it writes over one that is there', short: 'write', act: () => ({ ask: 'save-file', overwrite: false }) },
    { keys: ['esc'], does: 'write nothing', short: 'cancel', act: () => ({ type: 'newRun', action: { type: 'saving', action: { type: 'close' } } }) },
    ...fieldBindings<AppState, Message>(type),
  ],
};
