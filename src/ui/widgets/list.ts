/** A list with a cursor and a filter: the models, the datasets and the runs are such lists. */
import type { Binding, KeyTable } from '../keys.js';
import { fieldOf, reduceField } from './field.js';
import type { Field, FieldAction } from './field.js';
import { fieldBindings } from './field-keys.js';

export interface ListState {
  /** Row among those that pass the filter. */
  readonly cursor: number;
  readonly filter: string;
  /** The filter while it is typed; null when it stands. */
  readonly typing: Field | null;
}

export type ListAction =
  | { readonly type: 'move'; readonly by: number }
  | { readonly type: 'top' }
  | { readonly type: 'bottom' }
  | { readonly type: 'filter' }
  | { readonly type: 'filter-type'; readonly action: FieldAction }
  | { readonly type: 'filter-accept' }
  | { readonly type: 'filter-clear' };

export const emptyList: ListState = { cursor: 0, filter: '', typing: null };

/** `count` is the number of rows that pass the filter before the action. */
export function reduceList(list: ListState, action: ListAction, count: number): ListState {
  switch (action.type) {
    case 'move':
      return { ...list, cursor: clamp(list.cursor + action.by, count) };
    case 'top':
      return { ...list, cursor: 0 };
    case 'bottom':
      return { ...list, cursor: clamp(count - 1, count) };
    case 'filter':
      return { ...list, typing: fieldOf(list.filter) };
    case 'filter-type': {
      const typing = reduceField(list.typing ?? fieldOf(list.filter), action.action);
      return { ...list, typing, filter: typing.text, cursor: typing.text === list.filter ? list.cursor : 0 };
    }
    case 'filter-accept':
      return { ...list, typing: null };
    case 'filter-clear':
      return { cursor: 0, filter: '', typing: null };
  }
}

/** The first row to show so that the cursor is seen, as near the middle as the ends allow. */
export function windowStart(cursor: number, count: number, height: number): number {
  return Math.max(0, Math.min(cursor - Math.floor(height / 2), count - height));
}

/** Keys to move in a list and to filter it. */
export function listBindings<S, M>(wrap: (action: ListAction) => M | readonly M[], listOf: (state: S) => ListState, filtering = 'filter by words'): Binding<S, M>[] {
  return [
    { keys: ['j', 'down'], does: 'down', act: () => wrap({ type: 'move', by: 1 }) },
    { keys: ['k', 'up'], does: 'up', act: () => wrap({ type: 'move', by: -1 }) },
    { keys: ['ctrl+d', 'pagedown'], does: 'half a page down', act: () => wrap({ type: 'move', by: 10 }) },
    { keys: ['ctrl+u', 'pageup'], does: 'half a page up', act: () => wrap({ type: 'move', by: -10 }) },
    { keys: ['g', 'home'], does: 'to the first', act: () => wrap({ type: 'top' }) },
    { keys: ['G', 'end'], does: 'to the last', act: () => wrap({ type: 'bottom' }) },
    { keys: ['/'], does: filtering, short: 'filter', act: () => wrap({ type: 'filter' }) },
    { keys: ['esc'], does: 'clear the filter', when: (state) => listOf(state).filter !== '', act: () => wrap({ type: 'filter-clear' }) },
  ];
}

/** While the filter is typed. */
export function filterTable<S, M>(wrap: (action: ListAction) => M): KeyTable<S, M> {
  const type = (action: FieldAction): M => wrap({ type: 'filter-type', action });
  return {
    title: 'Filter',
    modal: true,
    text: (_, text) => type({ type: 'insert', text }),
    bindings: [
      { keys: ['enter', 'tab'], does: 'keep the filter', short: 'keep', act: () => wrap({ type: 'filter-accept' }) },
      { keys: ['esc'], does: 'clear the filter', short: 'clear', act: () => wrap({ type: 'filter-clear' }) },
      { keys: ['down'], does: 'down', act: () => wrap({ type: 'move', by: 1 }) },
      { keys: ['up'], does: 'up', act: () => wrap({ type: 'move', by: -1 }) },
      ...fieldBindings<S, M>(type),
    ],
  };
}

function clamp(cursor: number, count: number): number {
  return Math.max(0, Math.min(cursor, count - 1));
}
