/** The pane of what a draft means: its cost, its data, what differs, and the file it would be. */

export const views = ['costs', 'rows', 'lengths', 'changes', 'file'] as const;
export type View = (typeof views)[number];

export const viewTitles: { readonly [V in View]: string } = { costs: 'What it takes', rows: 'Rows', lengths: 'Lengths', changes: 'Changes', file: 'File' };

export interface DetailState {
  readonly view: View;
  /** Lines scrolled. */
  readonly scroll: number;
  /** The row of the data that is shown. */
  readonly row: number;
  /** Rows as text instead of as tokens. */
  readonly asText: boolean;
}

export type DetailAction =
  | { readonly type: 'show'; readonly view: View }
  | { readonly type: 'next'; readonly by: 1 | -1 }
  | { readonly type: 'scroll'; readonly by: number }
  | { readonly type: 'row'; readonly by: number; readonly of: number }
  | { readonly type: 'as-text' };

export const initialDetail: DetailState = { view: 'costs', scroll: 0, row: 0, asText: false };

export function reduceDetail(state: DetailState, action: DetailAction): DetailState {
  switch (action.type) {
    case 'show':
      return { ...state, view: action.view, scroll: 0 };
    case 'next':
      return { ...state, view: views[(views.indexOf(state.view) + action.by + views.length) % views.length], scroll: 0 };
    case 'scroll':
      return { ...state, scroll: Math.max(0, state.scroll + action.by) };
    case 'row':
      return { ...state, row: Math.max(0, Math.min(state.row + action.by, action.of - 1)), scroll: 0 };
    case 'as-text':
      return { ...state, asText: !state.asText, scroll: 0 };
  }
}
