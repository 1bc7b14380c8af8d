/** The screen from its first frame to the line it leaves behind. */
import { farewell, makeController } from './controller.js';
import type { Controller } from './controller.js';
import { activeTables } from './key-tables.js';
import { dispatchKey } from './keys.js';
import type { Key } from './keys.js';
import { Root } from './root.js';
import type { RootProps } from './root.js';
import type { Services } from './services.js';
import { initialState, reduce } from './reduce.js';
import type { Action, AppState, Size } from './state.js';
import { makeStore } from './store.js';
import type { Store } from './store.js';
import { enterTerminal } from './terminal.js';
import type { Streams } from './terminal.js';
import { themeFor } from './theme.js';

export interface AppOptions {
  /** No box drawing, blocks or arrows. */
  readonly ascii?: boolean;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * How often the store is asked whether anybody has written, and how long it is left alone when somebody has, in milliseconds:
 * what happens is seen soon, and a run that logs ten steps a second costs no more frames than one that logs one. Keys are not bound by it.
 */
const [pollEvery, restAfterNews] = [250, 1000];

/**
 * Runs until the user quits. The first frame does not wait for the services. Rejects, with the terminal restored,
 * when the services cannot be had or the screen has a bug.
 */
export async function runApp(services: Services | Promise<Services>, options: AppOptions = {}): Promise<void> {
  const { stdin, stdout } = process;
  const store = makeStore(reduce, initialState(sizeOf(stdout)));
  try {
    await show(store, services, { stdin, stdout }, (theme) => themeFor(options.env ?? process.env, { ascii: options.ascii ?? false, ...(theme === null ? {} : { theme }) }));
  } finally {
    const line = farewell(store.get());
    if (line !== null) stdout.write(`${line}\n`);
  }
}

function show(store: Store<AppState, Action>, services: Services | Promise<Services>, streams: Streams, themeOf: RootProps['themeOf']): Promise<void> {
  return new Promise((resolve, reject) => {
    const { stdout } = streams;
    let controller: Controller | null = null;
    let closed = false;
    let stopWatching = (): void => undefined;

    const terminal = enterTerminal((show) => <Root store={store} themeOf={themeOf} onKey={press} onDrawn={show} />, streams, close);
    const resize = (): void => {
      store.dispatch({ type: 'resize', size: sizeOf(stdout) });
      terminal.redraw();
    };
    const quit = (): void => close(null);
    stdout.prependListener('resize', resize);
    const hungUp = (): void => dieOf('SIGHUP', terminal.leave);
    for (const signal of endingSignals) process.on(signal, quit);
    process.on('SIGHUP', hungUp);
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, close);
    process.on('exit', terminal.leave);

    /** Before the services are there a key can change the screen, but ask nothing of the world. */
    function press(key: Key): void {
      if (controller) return controller.press(key);
      for (const message of dispatchKey(activeTables(store.get()), store.get(), key)) {
        if (!('ask' in message)) store.dispatch(message);
        else if (message.ask === 'quit') quit();
      }
    }

    function close(error: unknown): void {
      closed = true;
      stopWatching();
      stdout.off('resize', resize);
      for (const signal of endingSignals) process.off(signal, quit);
      process.off('SIGHUP', hungUp);
      for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.off(event, close);
      process.off('exit', terminal.leave);
      terminal.leave();
      if (error === null) resolve();
      else reject(error);
    }

    Promise.resolve(services).then((ready) => {
      if (closed) return;
      controller = makeController({ store, services: ready, surface: { quit, suspend: terminal.suspend, redraw: terminal.redraw, ring: terminal.ring }, clock: Date.now });
      stopWatching = watch(controller);
    }).catch(close);
  });
}

const endingSignals = ['SIGTERM', 'SIGINT'] as const;

/** The terminal is gone, or about to be: Node 20 aborts when it exits by itself without one, so the signal ends it. */
function dieOf(signal: 'SIGHUP', restore: () => void): void {
  try {
    restore();
  } finally {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  }
}

/** Lets the screens begin and asks the store for news; returns what ends both. */
function watch(controller: Controller): () => void {
  const end = controller.start();
  let rest = 0;
  const polling = setInterval(() => {
    rest -= pollEvery;
    if (rest < pollEvery / 2 && controller.poll()) rest = restAfterNews;
  }, pollEvery);
  return () => {
    clearInterval(polling);
    end();
  };
}

function sizeOf({ columns, rows }: NodeJS.WriteStream): Size {
  return { columns: columns || 80, rows: rows || 24 };
}
