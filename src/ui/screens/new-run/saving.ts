/** The name of the file that a draft is to be saved as, while it is typed. */
import { fieldOf, reduceField } from '../../widgets/field.js';
import type { Field, FieldAction } from '../../widgets/field.js';

export interface SavingState {
  readonly field: Field;
  readonly error: string | null;
}

export type SavingAction =
  | { readonly type: 'open'; readonly path: string }
  | { readonly type: 'type'; readonly action: FieldAction }
  | { readonly type: 'refused'; readonly error: string }
  | { readonly type: 'close' };

export function reduceSaving(state: SavingState | null, action: SavingAction): SavingState | null {
  switch (action.type) {
    case 'open':
      return { field: fieldOf(action.path), error: null };
    case 'type':
      return state && { field: reduceField(state.field, action.action), error: null };
    case 'refused':
      return state && { ...state, error: action.error };
    case 'close':
      return null;
  }
}
