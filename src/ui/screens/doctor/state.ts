/** The doctor: what has been found so far. */
import type { Findings } from './model.js';

export interface DoctorState {
  readonly found: Findings;
  readonly looking: boolean;
  /** When the last look ended, in milliseconds since 1970; null before the first. */
  readonly lookedAt: number | null;
  /** Lines that are scrolled past. */
  readonly scroll: number;
}

export type DoctorAction =
  | { readonly type: 'begin' }
  | { readonly type: 'found'; readonly found: Findings }
  | { readonly type: 'done'; readonly at: number }
  | { readonly type: 'scroll'; readonly by: number };

export const initialDoctor: DoctorState = { found: {}, looking: false, lookedAt: null, scroll: 0 };

/** What was found before stays until it is found anew. */
export function reduceDoctor(state: DoctorState, action: DoctorAction): DoctorState {
  switch (action.type) {
    case 'begin':
      return { ...state, looking: true };
    case 'found':
      return { ...state, found: { ...state.found, ...action.found } };
    case 'done':
      return { ...state, looking: false, lookedAt: action.at };
    case 'scroll':
      return { ...state, scroll: Math.max(0, state.scroll + action.by) };
  }
}
