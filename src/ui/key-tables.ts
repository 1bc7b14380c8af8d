/** The tables that hold now, first to last. */
import { remapped } from './key-map.js';
import type { AnyScreen, Table } from './screen.js';
import { overlays } from './overlays.js';
import { screens } from './screens/all.js';
import { isTooSmall } from './state.js';
import type { AppState, Dialog, ScreenName } from './state.js';

type Overlay = Pick<(typeof overlays)[number], 'isOpen' | 'tables' | 'View'>;

/** The screen after or before the one shown. */
function neighbour({ screen }: AppState, by: 1 | -1): ScreenName {
  return screens[(screens.findIndex(({ name }) => name === screen) + by + screens.length) % screens.length].name;
}

export const everywhere: Table = {
  title: 'Everywhere',
  bindings: [
    ...screens.map(({ name, title }, i) => ({ keys: [String(i + 1)], does: title, act: () => ({ type: 'screen', screen: name }) as const })),
    { keys: [']'], does: 'next screen', act: (state) => ({ type: 'screen', screen: neighbour(state, 1) }) },
    { keys: ['['], does: 'previous screen', act: (state) => ({ type: 'screen', screen: neighbour(state, -1) }) },
    { keys: [':'], does: 'command line: every command and key by name', short: 'command', act: () => ({ ask: 'command-open', text: '' }) },
    { keys: ['?'], does: 'these keys', short: 'help', act: () => ({ type: 'help', scroll: 0 }) },
    { keys: ['q'], does: 'quit; runs go on', short: 'quit', act: () => ({ ask: 'quit' }) },
  ],
};

/** Hold whatever is open, so that nobody is ever locked in. */
const always: Table = {
  title: 'Terminal',
  bindings: [
    { keys: ['ctrl+p'], does: 'palette: commands, runs, models, datasets, keys and screens', when: ({ dialog }) => dialog === null, act: () => ({ ask: 'palette-open' }) },
    { keys: ['ctrl+c'], does: 'quit; runs go on', when: (state) => openOverlay(state) === null, act: () => ({ ask: 'quit' }) },
    { keys: ['ctrl+z'], does: 'suspend the screen', act: () => ({ ask: 'suspend' }) },
    { keys: ['ctrl+l'], does: 'draw it again', act: () => ({ ask: 'redraw' }) },
  ],
};

/** Where nothing can be seen nothing may be done. */
const tooSmall: Table = {
  title: 'Too small',
  modal: true,
  bindings: [
    { keys: ['q', 'ctrl+c'], does: 'quit; runs go on', short: 'quit', act: () => ({ ask: 'quit' }) },
    { keys: ['ctrl+z'], does: 'suspend the screen', act: () => ({ ask: 'suspend' }) },
    { keys: ['ctrl+l'], does: 'draw it again', act: () => ({ ask: 'redraw' }) },
  ],
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
  return boundTables(state).map((table) => remapped(table, state.keyMap));
}

function boundTables(state: AppState): readonly Table[] {
  if (isTooSmall(state.size)) return [tooSmall];
  const own = state.dialog ? [dialogTable(state.dialog)] : state.help !== null ? [help] : (openOverlay(state)?.tables(state) ?? paneTables(state));
  return [always, ...own];
}

/** What is open over the screen; null when nothing is. */
export function openOverlay(state: AppState): Overlay | null {
  return (overlays as readonly Overlay[]).find((overlay) => overlay.isOpen(state)) ?? null;
}

/** What the help explains: the pane below it. */
export function paneTables(state: AppState): readonly Table[] {
  const shown = (screens as readonly Pick<AnyScreen, 'name' | 'tables'>[]).find(({ name }) => name === state.screen);
  return [...(shown?.tables(state) ?? []), everywhere];
}

/** With the keys that always hold. */
export function helpTables(state: AppState): readonly Table[] {
  return [...paneTables(state), always].map((table) => remapped(table, state.keyMap));
}

/** Every table there is, by the part of the screen it belongs to. */
export const allTables: readonly { readonly title: string; readonly tables: readonly Table[] }[] = [
  ...screens.map(({ title, keys }) => ({ title, tables: keys })),
  ...overlays.map(({ title, keys }) => ({ title, tables: keys })),
  { title: 'Everywhere', tables: [everywhere, always, help] },
];
