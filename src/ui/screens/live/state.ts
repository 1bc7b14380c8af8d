/** The live screen: one run of those that are going on, or the last that was. */
import type { RunRecord, RunState } from '../../../store/rows.js';
import type { RunData } from '../../run-data.js';

export interface LiveState {
  /** The run looked at; null when there is none. */
  readonly runId: string | null;
  readonly data: RunData | null;
  /** Index into `smoothings`. */
  readonly smoothing: number;
  readonly logarithmic: boolean;
  /** Rows scrolled in the pane of samples and warnings, newest first. */
  readonly scroll: number;
}

export type LiveAction =
  | { readonly type: 'watch'; readonly runId: string | null }
  | { readonly type: 'data'; readonly data: RunData }
  | { readonly type: 'smooth' }
  | { readonly type: 'log-scale' }
  | { readonly type: 'scroll'; readonly by: number };

/** Weights of the exponential average. */
export const smoothings = [0, 0.6, 0.9, 0.97] as const;

export const initialLive: LiveState = { runId: null, data: null, smoothing: 0, logarithmic: false, scroll: 0 };

export function reduceLive(state: LiveState, action: LiveAction): LiveState {
  switch (action.type) {
    case 'watch':
      return action.runId === state.runId ? state : { ...state, runId: action.runId, data: null, scroll: 0 };
    case 'data':
      return action.data.record.id === state.runId ? { ...state, data: action.data } : state;
    case 'smooth':
      return { ...state, smoothing: (state.smoothing + 1) % smoothings.length };
    case 'log-scale':
      return { ...state, logarithmic: !state.logarithmic };
    case 'scroll':
      return { ...state, scroll: Math.max(0, state.scroll + action.by) };
  }
}

const liveStates: ReadonlySet<RunState> = new Set<RunState>(['queued', 'running', 'paused']);

export function isLive(run: RunRecord): boolean {
  return liveStates.has(run.state);
}
