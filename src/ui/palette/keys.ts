/** The keys of the palette. */
import type { Table } from '../screen.js';
import type { AppState, Message } from '../state.js';
import { fieldBindings } from '../widgets/field-keys.js';
import type { PaletteAction } from './state.js';

const palette = (action: PaletteAction): Message => ({ type: 'palette', action });

const searching: Table = {
  title: 'Palette',
  modal: true,
  text: (_, text) => palette({ type: 'type', action: { type: 'insert', text } }),
  bindings: [
    { keys: ['enter'], does: 'go there, or take it', short: 'take', when: ({ palette: { found } }) => found.length > 0, act: ({ palette: { found, cursor } }) => [palette({ type: 'close' }), ...found[cursor].then] },
    { keys: ['down', 'ctrl+n', 'tab'], does: 'down', short: 'choose', hint: ['up', 'down'], act: () => palette({ type: 'move', by: 1 }) },
    { keys: ['up', 'shift+tab'], does: 'up', act: () => palette({ type: 'move', by: -1 }) },
    { keys: ['pagedown'], does: 'ten down', act: () => palette({ type: 'move', by: 10 }) },
    { keys: ['pageup'], does: 'ten up', act: () => palette({ type: 'move', by: -10 }) },
    { keys: ['esc', 'ctrl+c'], does: 'close the palette', short: 'close', act: () => palette({ type: 'close' }) },
    ...fieldBindings<AppState, Message>((action) => palette({ type: 'type', action })),
  ],
};

export const paletteKeys: readonly Table[] = [searching];
