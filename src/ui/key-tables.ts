/** The tables that hold now, first to last. */
import type { KeyTable } from './keys.js';
import { liveTables } from './screens/live/keys.js';
import { newRunTables } from './screens/new-run/keys.js';
import { runsTables } from './screens/runs/keys.js';
import { isTooSmall } from './state.js';
import type { AppState, Dialog, Message, Screen } from './state.js';

type Table = KeyTable<AppState, Message>;

const screenTables: { readonly [S in Screen]: (state: AppState) => readonly Table[] } = { 'new-run': newRunTables, live: liveTables, runs: runsTables };

const everywhere: Table = {
  title: 'Everywhere',
  bindings: [
    { keys: ['1'], does: 'new run', act: () => ({ type: 'screen', screen: 'new-run' }) },
    { keys: ['2'], does: 'live run', act: () => ({ type: 'screen', screen: 'live' }) },
    { keys: ['3'], does: 'all runs', act: () => ({ type: 'screen', screen: 'runs' }) },
    { keys: ['?'], does: 'these keys', short: 'help', act: () => ({ type: 'help', scroll: 0 }) },
    { keys: ['q'], does: 'quit; runs go on', short: 'quit', act: () => ({ ask: 'quit' }) },
  ],
};

/** Hold whatever is open, so that nobody is ever locked in. */
const always: Table = {
  title: 'Terminal',
  bindings: [
    { keys: ['ctrl+c'], does: 'quit; runs go on', act: () => ({ ask: 'quit' }) },
    { keys: ['ctrl+z'], does: 'suspend the screen', act: () => ({ ask: 'suspend' }) },
    { keys: ['ctrl+l'], does: 'draw it again', act: () => ({ ask: 'redraw' }) },
  ],
};

/** Where nothing can be seen nothing may be done. */
const tooSmall: Table = {
  title: 'Too small',
  modal: true,
  bindings: [{ keys: ['q', 'ctrl+c'], does: 'quit; runs go on', short: 'quit', act: () => ({ ask: 'quit' }) }],
};

const help: Table = {
  title: 'Help',
  modal: true,
  bindings: [
    { keys: ['esc', '?', 'q', 'enter'], does: 'close the help', short: 'close', act: () => ({ type: 'help', scroll: null }) },
    { keys: ['j', 'down'], does: 'scroll down', short: 'scroll', act: ({ help: scroll }) => ({ type: 'help', scroll: (scroll ?? 0) + 1 }) },
    { keys: ['k', 'up'], does: 'scroll up', act: ({ help: scroll }) => ({ type: 'help', scroll: (scroll ?? 0) - 1 }) },
  ],
};

function dialogTable(dialog: Dialog): Table {
  return {
    title: dialog.title,
    modal: true,
    bindings: dialog.answers.map(({ keys, does, then }) => ({ keys, does, short: does, act: () => [{ type: 'ask', dialog: null } as const, ...then] })),
  };
}

export function activeTables(state: AppState): readonly Table[] {
  if (isTooSmall(state.size)) return [tooSmall];
  const [...own] = state.dialog ? [dialogTable(state.dialog)] : state.help !== null ? [help] : [...paneTables(state)];
  return [always, ...own];
}

/** What the help explains: the pane below it. */
export function paneTables(state: AppState): readonly Table[] {
  return [...screenTables[state.screen](state), everywhere];
}

/** With the keys that always hold. */
export function helpTables(state: AppState): readonly Table[] {
  return [...paneTables(state), always];
}
