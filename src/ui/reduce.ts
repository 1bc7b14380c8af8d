/** The one pure reducer: the shell's part here, the others by the screens. */
import type { RunRecord } from '../store/rows.js';
import type { AnyScreen } from './screen.js';
import { overlays } from './overlays.js';
import { screens } from './screens/all.js';
import type { Action, AppState, Notice, ScreenAction, ShellState, Size } from './state.js';

// The types of both lists say which action belongs to which part; here each is only handed on by its name.
const byName: ReadonlyMap<string, AnyScreen> = new Map(([...screens, ...overlays] as readonly unknown[] as readonly AnyScreen[]).map((screen) => [screen.name, screen]));

export function initialState(size: Size): AppState {
  const shell: ShellState = { size, screen: 'newRun', help: null, dialog: null, notice: null, connected: false, now: 0, runs: [], theme: null, keyMap: {} };
  return withParts(shell, ({ initial }) => initial);
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
    case 'key-map':
      return { ...state, keyMap: action.map };
    case 'theme':
      return { ...state, theme: action.theme };
    case 'runs': {
      const { runs, now } = action;
      const followed = withParts(state, ({ followRuns }, own) => (followRuns ? followRuns(own, state.runs, runs) : own));
      return { ...followed, runs, now, notice: standing(state.notice, runs) };
    }
    default:
      return reducePart(state, action);
  }
}

function reducePart(state: AppState, { type, action }: ScreenAction): AppState {
  const own = byName.get(type)!.reduce(state[type], action, state);
  return own === state[type] ? state : { ...state, [type]: own };
}

function withParts(state: ShellState & Partial<AppState>, part: (screen: AnyScreen, own: unknown) => unknown): AppState {
  const parts = [...byName].map(([name, screen]) => [name, part(screen, state[name as keyof typeof state])]);
  return { ...state, ...(Object.fromEntries(parts) as Omit<AppState, keyof ShellState>) };
}

/** The notice, while the run that it speaks of is as it was: in the same state, and at most one step further. */
function standing(notice: Notice | null, runs: readonly RunRecord[]): Notice | null {
  const until = notice?.until;
  if (!until) return notice;
  const run = runs.find(({ id }) => id === until.runId);
  return run?.state === until.state && run.step <= until.step + 1 ? notice : null;
}
