/** The state of the whole screen: what the shell keeps, and a part for each of the screens. */
import type { RunRecord, RunState } from '../store/rows.js';
import type { KeyMap } from './key-map.js';
import type { Key } from './keys.js';
import type { ActionsOf, AsksOf, StatesOf } from './screen.js';
import { isLive, isUnended } from '../store/rows.js';
import type { overlays } from './overlays.js';
import type { ThemeName } from './theme.js';
import type { screens } from './screens/all.js';

type Screens = (typeof screens)[number];
type Parts = Screens | (typeof overlays)[number];
export type ScreenName = Screens['name'];

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Where it is kept whether the bell sounds when a run has ended. */
export const bellPreference = 'bell';

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

export interface ShellState {
  readonly size: Size;
  readonly screen: ScreenName;
  /** Rows scrolled in the help; null while it is closed. */
  readonly help: number | null;
  readonly dialog: Dialog | null;
  readonly notice: Notice | null;
  /** False until the services are there. */
  readonly connected: boolean;
  /** Milliseconds since 1970, as far as the screen has looked; ages are counted from it. */
  readonly now: number;
  readonly runs: readonly RunRecord[];
  /** Chosen while the screen is open; null: as it began. */
  readonly theme: ThemeName | null;
  readonly keyMap: KeyMap;
}

export interface AppState extends ShellState, StatesOf<Parts> {}

export type ShellAction =
  | { readonly type: 'resize'; readonly size: Size }
  | { readonly type: 'connected' }
  | { readonly type: 'screen'; readonly screen: ScreenName }
  | { readonly type: 'help'; readonly scroll: number | null }
  | { readonly type: 'ask'; readonly dialog: Dialog | null }
  | { readonly type: 'notice'; readonly notice: Notice | null }
  | { readonly type: 'key-map'; readonly map: KeyMap }
  | { readonly type: 'theme'; readonly theme: ThemeName }
  | { readonly type: 'runs'; readonly runs: readonly RunRecord[]; readonly now: number };

/** Of one of the screens, or of what is opened over them. */
export type ScreenAction = ActionsOf<Parts>;

/** Changes what is shown. */
export type Action = ShellAction | ScreenAction;

export type ShellIntent = { readonly ask: 'quit' } | { readonly ask: 'suspend' } | { readonly ask: 'redraw' };

export type ScreenIntent = AsksOf<Parts>;

/** Asks something of the world; the answer comes back as actions. */
export type Intent = ShellIntent | ScreenIntent;

export type Message = Action | Intent;

/** `2 runs live, 1 waits`: `verbs` of one and of more of those that have a process. */
export function countsOf(runs: readonly RunRecord[], [one, more]: readonly [string, string]): string {
  const live = runs.filter(isLive).length;
  const waiting = runs.length - live;
  return [...(live > 0 ? [`${live} ${live === 1 ? one : more}`] : []), ...(waiting > 0 ? [`${waiting} ${waiting === 1 ? 'waits' : 'wait'}`] : [])].join(', ');
}

/** Those that go on, and those that wait. */
export function unendedRuns(state: AppState): readonly RunRecord[] {
  return state.runs.filter(isUnended);
}
