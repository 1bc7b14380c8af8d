/** Between the pure state and the world: looks into the store, performs what keys ask, and says what came of it. */
import { messageOf } from '../util/errors.js';
import { clean } from './format/text.js';
import { parseKeyMap } from './key-map.js';
import { activeTables, allTables } from './key-tables.js';
import { dispatchKey } from './keys.js';
import type { Key } from './keys.js';
import type { AnyScreen, World } from './screen.js';
import { overlays } from './overlays.js';
import { screens } from './screens/all.js';
import { isLive } from '../store/rows.js';
import type { Services } from './services.js';
import { bellPreference, countsOf, unendedRuns } from './state.js';
import type { Action, AppState, Intent, Message } from './state.js';
import type { Store } from './store.js';
import { themeNamed, themePreference } from './theme.js';

/** What only the terminal can do. */
export interface Surface {
  quit(): void;
  suspend(): void;
  redraw(): void;
  /** Sounds the bell. */
  ring(): void;
}

export interface Controller {
  press(key: Key): void;
  /** Lets the screens begin; returns what ends them. */
  start(): () => void;
  /** Looks whether anybody has written, and shows it; true where there was something, or it could not be read: then there is no hurry. Cheap when nobody has. */
  poll(): boolean;
}

export interface ControllerOptions {
  readonly store: Store<AppState, Action>;
  readonly services: Services;
  readonly surface: Surface;
  readonly clock: () => number;
}

/** A minute: the age of a run is shown no finer. */
const staleAfter = 60_000;

type Perform = (intent: Intent, world: World) => void | Promise<void>;

const all = [...screens, ...overlays] as readonly unknown[] as readonly AnyScreen[];
// Each intent goes to the handler of its own name, which the types of both lists hold together.
const handlers: Readonly<Record<string, Perform>> = Object.assign({}, ...all.map(({ intents }) => intents));

export function makeController({ store, services, surface, clock }: ControllerOptions): Controller {
  let seen = -1;
  let trouble: string | null = null;
  const world: World = { services, get: store.get, send, subscribe: store.subscribe, refresh };

  function send(...messages: readonly Message[]): void {
    for (const message of messages) {
      if ('ask' in message) perform(message);
      else apply(message);
    }
  }

  function apply(action: Action): void {
    const { screen } = store.get();
    store.dispatch(action);
    if (store.get().screen !== screen) look(refreshShown);
  }

  function perform(intent: Intent): void {
    switch (intent.ask) {
      case 'quit':
      case 'suspend':
      case 'redraw':
        return surface[intent.ask]();
      default:
        void attempt(() => handlers[intent.ask](intent, world));
    }
  }

  /** Shows why something the user asked for did not happen. */
  async function attempt(work: () => void | Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      send({ type: 'notice', notice: { tone: 'bad', text: messageOf(error) } });
    }
  }

  /** The same for what is looked up by itself; what goes on failing is said once. */
  function look(work: () => void): boolean {
    try {
      work();
      trouble = null;
      return true;
    } catch (error) {
      tell(error);
      return false;
    }
  }

  function tell(error: unknown): void {
    const text = messageOf(error);
    if (text !== trouble) send({ type: 'notice', notice: { tone: 'bad', text } });
    trouble = text;
  }

  /** Keys of one's own; what of them cannot be used is said. */
  function readKeys(): void {
    const { map, problems } = parseKeyMap(services.keyFile(), allTables.flatMap(({ tables }) => tables));
    store.dispatch({ type: 'key-map', map });
    if (problems.length > 0) send({ type: 'notice', notice: { tone: 'bad', text: problems.join(' ') } });
  }

  /** Offers what a restart of the machine or a kill has cut off. */
  function offerInterrupted(): void {
    const cut = services.interrupted();
    if (cut.length === 0) return;
    const text = cut.length === 1 ? `${cut[0].run.name} was cut off (${cut[0].run.reason ?? 'crashed'}): R on the list of runs has it go on.` : `${cut.length} runs were cut off: R on the list of runs has one go on, workbench resume --interrupted all.`;
    send({ type: 'notice', notice: { tone: 'warn', text } });
  }

  function refresh(): void {
    const before = unendedRuns(store.get());
    store.dispatch({ type: 'runs', runs: services.reader.runs(), now: clock() });
    const going = new Set(unendedRuns(store.get()).map(({ id }) => id));
    if (before.some(({ id }) => !going.has(id)) && services.reader.preference(bellPreference) === true) surface.ring();
    refreshShown();
  }

  /** What is not shown is not read. */
  function refreshShown(): void {
    if (store.get().connected) all.find(({ name }) => name === store.get().screen)?.refresh?.(world);
  }

  return {
    press(key) {
      if (store.get().notice) store.dispatch({ type: 'notice', notice: null });
      send(...dispatchKey(activeTables(store.get()), store.get(), key));
    },
    start() {
      void attempt(readKeys);
      const theme = themeNamed(services.reader.preference(themePreference));
      if (theme !== null) store.dispatch({ type: 'theme', theme });
      const ends = [services.watchRuns(tell), ...all.map((screen) => screen.start?.(world))];
      store.dispatch({ type: 'connected' });
      this.poll();
      void attempt(offerInterrupted);
      return () => ends.forEach((end) => end?.());
    },
    poll() {
      let news = false;
      const done = look(() => {
        const version = services.reader.version();
        news = version !== seen || clock() - store.get().now >= staleAfter;
        if (news) refresh();
        seen = version;
      });
      return news || !done;
    },
  };
}

/** The line to leave behind in the terminal when the screen closes; null when nothing goes on. */
export function farewell(state: AppState): string | null {
  const going = unendedRuns(state);
  if (going.length === 0) return null;
  const names = going.slice(0, 3).map(({ name }) => clean(name)).join(', ') + (going.length > 3 ? ', …' : '');
  return going.length === 1 ? `The run ${names} ${isLive(going[0]) ? 'goes on' : 'waits'}; \`workbench\` shows it again.` : `${countsOf(going, ['goes on', 'runs go on'])} (${names}); \`workbench\` shows them again.`;
}
