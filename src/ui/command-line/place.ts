/** The screen as the place where commands work. */
import type { World } from '../screen.js';
import { screens } from '../screens/all.js';
import { runUnderCursor } from '../screens/runs/keys.js';
import { bellPreference } from '../state.js';
import type { AppState, ScreenName } from '../state.js';
import { themeNamed, themeNames, themePreference } from '../theme.js';
import type { Workplace } from './commands.js';

/** As they are typed: `new-run`, `live`, `runs`. */
const screenNames = new Map<string, ScreenName>(screens.map(({ name, title }) => [title.toLowerCase().replaceAll(' ', '-'), name]));

/** What a command has to be asked first runs `line` again when the answer is yes. */
export function workplace({ get, send, services }: World, { line, confirmed }: { readonly line: string; readonly confirmed: boolean }): Workplace {
  return {
    draft: () => get().newRun.draft,
    setDraft: (draft) => send({ type: 'newRun', action: { type: 'load', draft } }),
    marked: () => get().history.marked,
    mark: (ids) => send({ type: 'history', action: { type: 'mark', ids } }),
    current: () => currentRun(get()),
    confirm: async (question) => {
      if (confirmed) return true;
      const answers = [
        { keys: ['y'], does: 'do it', then: [{ ask: 'command-run', line, confirmed: true } as const] },
        { keys: ['esc', 'n', 'q'], does: 'leave it', then: [] },
      ];
      send({ type: 'ask', dialog: { title: 'Command', question, answers } });
      return false;
    },
    quit: () => send({ ask: 'quit' }),
    screen: {
      names: [...screenNames.keys()],
      show: (name) => send({ type: 'command', action: { type: 'close' } }, { type: 'screen', screen: screenNames.get(name) ?? get().screen }),
      watch: (runId) => send({ type: 'command', action: { type: 'close' } }, { ask: 'watch', runId }),
      open: (runId) => send({ type: 'command', action: { type: 'close' } }, { ask: 'open', runId }),
      themes: themeNames,
      theme(name) {
        const theme = themeNamed(name) ?? 'auto';
        send({ type: 'theme', theme });
        services.records.remember(themePreference, theme);
      },
      bell: (on) => services.records.remember(bellPreference, on),
      compare: (runIds) => send({ type: 'command', action: { type: 'close' } }, { ask: 'compare', runIds }),
    },
  };
}

/** The run that is shown, or under the cursor. */
export function currentRun(state: AppState): string | null {
  if (state.screen !== 'history') return state.live.runId;
  return state.history.opened?.runId ?? runUnderCursor(state)?.id ?? null;
}
