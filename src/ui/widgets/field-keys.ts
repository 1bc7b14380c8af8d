/** The keys of a text being typed, for whichever pane holds it. */
import type { Binding } from '../keys.js';
import type { FieldAction } from './field.js';

export function fieldBindings<S, M>(wrap: (action: FieldAction) => M | readonly M[]): Binding<S, M>[] {
  return [
    { keys: ['backspace'], does: 'delete the character before', act: () => wrap({ type: 'backspace' }) },
    { keys: ['ctrl+u'], does: 'delete to the start', act: () => wrap({ type: 'clear' }) },
    { keys: ['ctrl+w'], does: 'delete the word before', act: () => wrap({ type: 'delete-word' }) },
    { keys: ['ctrl+k'], does: 'delete to the end', act: () => wrap({ type: 'delete-rest' }) },
    { keys: ['left'], does: 'left', act: () => wrap({ type: 'move', to: 'left' }) },
    { keys: ['right'], does: 'right', act: () => wrap({ type: 'move', to: 'right' }) },
    { keys: ['home', 'ctrl+a'], does: 'to the start', act: () => wrap({ type: 'move', to: 'start' }) },
    { keys: ['end', 'ctrl+e'], does: 'to the end', act: () => wrap({ type: 'move', to: 'end' }) },
  ];
}
