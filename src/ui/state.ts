/** The state of the whole screen and its one pure reducer. */
import type { Control } from '../trainer/events.js';
import type { RunRecord, RunState } from '../store/rows.js';
import type { Draft } from './screens/new-run/draft.js';
import { initialLive, isLive, reduceLive } from './screens/live/state.js';
import type { LiveAction, LiveState } from './screens/live/state.js';
import { initialNewRun, reduceNewRun } from './screens/new-run/state.js';
import type { NewRunAction, NewRunState, PathKey } from './screens/new-run/state.js';
import { followRun, initialRuns, reduceRuns } from './screens/runs/state.js';
import type { RunsAction, RunsState } from './screens/runs/state.js';
import type { Key } from './keys.js';

export const screens = ['new-run', 'live', 'runs'] as const;
export type Screen = (typeof screens)[number];

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Smaller than this nothing is drawn but a sentence, and no key but the one that quits acts. */
export const smallest: Size = { columns: 72, rows: 18 };

export function isTooSmall({ columns, rows }: Size): boolean {
  return columns < smallest.columns || rows < smallest.rows;
}

/** A question that must be answered before anything else. */
export interface Dialog {
  readonly title: string;
  readonly question: string;
  readonly answers: readonly { readonly keys: readonly Key[]; readonly does: string; readonly then: readonly Message[] }[];
}

export interface Notice {
  readonly text: string;
  readonly tone: 'good' | 'warn' | 'bad';
  /** What was asked of a run as it then was: the notice has said its word once the run has answered. */
  readonly until?: { readonly runId: string; readonly state: RunState; readonly step: number };
}

export interface AppState {
  readonly size: Size;
  readonly screen: Screen;
  /** Rows scrolled in the help; null while it is closed. */
  readonly help: number | null;
  readonly dialog: Dialog | null;
  readonly notice: Notice | null;
  /** False until the services are there. */
  readonly connected: boolean;
  /** Milliseconds since 1970, as far as the screen has looked; ages are counted from it. */
  readonly now: number;
  readonly runs: readonly RunRecord[];
  readonly newRun: NewRunState;
  readonly live: LiveState;
  readonly history: RunsState;
}

/** Changes what is shown. */
export type Action =
  | { readonly type: 'resize'; readonly size: Size }
  | { readonly type: 'connected' }
  | { readonly type: 'screen'; readonly screen: Screen }
  | { readonly type: 'help'; readonly scroll: number | null }
  | { readonly type: 'ask'; readonly dialog: Dialog | null }
  | { readonly type: 'notice'; readonly notice: Notice | null }
  | { readonly type: 'runs'; readonly runs: readonly RunRecord[]; readonly now: number }
  | { readonly type: 'new-run'; readonly action: NewRunAction }
  | { readonly type: 'live'; readonly action: LiveAction }
  | { readonly type: 'history'; readonly action: RunsAction };

/** Asks something of the world; the answer comes back as actions. */
export type Intent =
  | { readonly ask: 'quit' }
  | { readonly ask: 'suspend' }
  | { readonly ask: 'redraw' }
  | { readonly ask: 'start'; readonly draft: Draft }
  /** The knob under the cursor, one up or down. */
  | { readonly ask: 'step'; readonly direction: 1 | -1 }
  /** What lies at a typed path, to choose it. */
  | { readonly ask: 'take-path'; readonly key: PathKey; readonly text: string }
  | { readonly ask: 'watch'; readonly runId: string }
  | { readonly ask: 'resume'; readonly runId: string }
  | { readonly ask: 'open'; readonly runId: string }
  | { readonly ask: 'control'; readonly runId: string; readonly control: Control };

export type Message = Action | Intent;

export function initialState(size: Size): AppState {
  return {
    size, screen: 'new-run', help: null, dialog: null, notice: null, connected: false, now: 0,
    runs: [], newRun: initialNewRun, live: initialLive, history: initialRuns,
  };
}

export function reduce(state: AppState, action: Action): AppState {
  switch (action.type) {
    case 'resize':
      return { ...state, size: action.size };
    case 'connected':
      return { ...state, connected: true };
    case 'screen':
      return { ...state, screen: action.screen, help: null };
    case 'help':
      return { ...state, help: action.scroll === null ? null : Math.max(0, action.scroll) };
    case 'ask':
      return { ...state, dialog: action.dialog };
    case 'notice':
      return { ...state, notice: action.notice };
    case 'runs':
      return { ...state, runs: action.runs, now: action.now, notice: standing(state.notice, action.runs), history: followRun(state.history, state.runs, action.runs) };
    case 'new-run':
      return { ...state, newRun: reduceNewRun(state.newRun, action.action) };
    case 'live':
      return { ...state, live: reduceLive(state.live, action.action) };
    case 'history':
      return { ...state, history: reduceRuns(state.history, action.action, state.runs) };
  }
}

/** The notice, while the run that it speaks of is as it was: in the same state, and at most one step further. */
function standing(notice: Notice | null, runs: readonly RunRecord[]): Notice | null {
  const until = notice?.until;
  if (!until) return notice;
  const run = runs.find(({ id }) => id === until.runId);
  return run?.state === until.state && run.step <= until.step + 1 ? notice : null;
}

export function liveRuns(state: AppState): readonly RunRecord[] {
  return state.runs.filter(isLive);
}
