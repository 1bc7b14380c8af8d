/** The palette: what is searched for, and what was found. */
import { fieldOf, reduceField } from '../widgets/field.js';
import type { Field, FieldAction } from '../widgets/field.js';
import type { PaletteItem } from './items.js';
import { search } from './search.js';

export interface PaletteState {
  readonly open: boolean;
  readonly field: Field;
  readonly items: readonly PaletteItem[];
  readonly found: readonly PaletteItem[];
  readonly cursor: number;
}

export type PaletteAction =
  | { readonly type: 'open'; readonly items: readonly PaletteItem[] }
  | { readonly type: 'items'; readonly items: readonly PaletteItem[] }
  | { readonly type: 'close' }
  | { readonly type: 'type'; readonly action: FieldAction }
  | { readonly type: 'move'; readonly by: number };

export const initialPalette: PaletteState = { open: false, field: fieldOf(''), items: [], found: [], cursor: 0 };

export function reducePalette(state: PaletteState, action: PaletteAction): PaletteState {
  switch (action.type) {
    case 'open':
      return { open: true, field: fieldOf(''), items: action.items, found: action.items, cursor: 0 };
    case 'items':
      return state.open ? { ...state, items: action.items, found: search(action.items, state.field.text) } : state;
    case 'close':
      return initialPalette;
    case 'type': {
      const field = reduceField(state.field, action.action);
      return field.text === state.field.text ? { ...state, field } : { ...state, field, found: search(state.items, field.text), cursor: 0 };
    }
    case 'move':
      return { ...state, cursor: Math.max(0, Math.min(state.cursor + action.by, state.found.length - 1)) };
  }
}
