/** A screen in a terminal of any size over a real store, without a process of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventEmitter } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import { render } from 'ink';
import { vi } from 'vitest';
import { screenCommands } from '../../src/cli/repl/commands.js';
import { readKeyFile } from '../../src/config/key-file.js';
import { makeRecords } from '../../src/cli/records.js';
import type { ExportTarget } from '../../src/cli/records.js';
import { knobs } from '../../src/config/limits.js';
import { parseExperiment } from '../../src/config/parse.js';
import { stepValue } from '../../src/config/steps.js';
import type { Experiment } from '../../src/config/schema.js';
import { openStore } from '../../src/store/store.js';
import type { Store as RunStore } from '../../src/store/store.js';
import type { Control, LiveChange } from '../../src/trainer/events.js';
import { UserError } from '../../src/util/errors.js';
import { makeController } from '../../src/ui/controller.js';
import { widthOf } from '../../src/ui/format/text.js';
import type { Frame } from '../../src/ui/frame.js';
import { Root } from '../../src/ui/root.js';
import type { RootProps } from '../../src/ui/root.js';
import type { Services } from '../../src/ui/services.js';
import { initialState, reduce } from '../../src/ui/reduce.js';
import type { AppState, Size } from '../../src/ui/state.js';
import { makeStore } from '../../src/ui/store.js';
import { makeTheme } from '../../src/ui/theme.js';
import { estimateByHand, sampleDatasets, sampleDoctor, sampleForm, sampleModels, samplePlayground, sampleQueue } from './samples.js';

export interface Home {
  readonly folder: string;
  readonly store: RunStore;
  readonly controls: { run: string; control: Control }[];
  readonly changed: { run: string; changes: LiveChange }[];
  readonly killed: string[];
  readonly exported: ExportTarget[];
  readonly services: Services;
  dispose(): void;
}

export function openHome(changes: Partial<Services> = {}): Home {
  const folder = mkdtempSync(join(tmpdir(), 'workbench-ui-'));
  const store = openStore(folder);
  const controls: Home['controls'] = [];
  const changed: Home['changed'] = [];
  const killed: string[] = [];
  const exported: Home['exported'] = [];
  const services: Services = {
    reader: store,
    knobs,
    defaults: {},
    parse: (value) => parseExperiment(value),
    step: stepValue,
    models: () => Promise.resolve(sampleModels),
    datasets: () => Promise.resolve(sampleDatasets),
    modelAt: (path) => found(sampleModels, path),
    datasetAt: (path) => found(sampleDatasets, path),
    estimate: (experiment, { rows }) => Promise.resolve(estimateByHand(experiment, rows ?? 100)),
    form: sampleForm(),
    startRun: (experiment: Experiment) => Promise.resolve(store.createRun({ name: experiment.name ?? 'new', config: experiment }).id),
    queue: sampleQueue(store),
    playground: samplePlayground(),
    doctor: sampleDoctor(),
    resume: (run) => Promise.resolve(void store.requeue(run, store.run(run).config)),
    interrupted: () => [],
    resumeInterrupted: () => Promise.resolve(0),
    watchRuns: () => () => undefined,
    control: (run, control) => Promise.resolve(void controls.push({ run, control })),
    keyFile: () => readKeyFile(folder),
    commands: () => Promise.resolve(screenCommands({ ...process.env, WORKBENCH_HOME: folder }, services)),
    change: (run, changes) => Promise.resolve(void changed.push({ run, changes })),
    kill: (run) => Promise.resolve(void killed.push(run)),
    log: () => ({ lines: [{ time: 0, text: 'onnx on cpu' }], points: [{ current_steps: 1, loss: 2.5 }] }),
    machine: () => Promise.resolve({ cpu: 0.5, cores: 2, usedBytes: 4e9, totalBytes: 8e9, gpus: [] }),
    records: {
      ...makeRecords(store, folder, { expanded: (path) => path, exported: (target) => Promise.resolve(void exported.push(target)) }),
      exportFormats: () => Promise.resolve(['peft', 'merged', 'gguf', 'gguf-lora', 'onnx']),
      branch: (run) => Promise.resolve(store.branchRun({ name: `${store.run(run).name}-branch`, config: store.run(run).config, parent: run, step: store.run(run).step }).id),
      queueAgain: (runs) => Promise.resolve(runs.map((run) => store.createRun({ name: `${store.run(run).name}-2`, config: store.run(run).config }).id)),
    },
    ...changes,
  };
  return {
    folder, store, controls, changed, killed, exported, services,
    dispose: () => {
      store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Whatever lies in the folder `/x` is a copy of the first entry. */
function found<Entry extends { path: string; name: string }>(entries: readonly Entry[], path: string): Promise<Entry> {
  const entry = path.startsWith('/x/') ? { ...entries[0], path, name: path.slice(3) } : entries.find((each) => each.path === path);
  return entry ? Promise.resolve(entry) : Promise.reject(new UserError(`There is nothing at ${path}.`));
}

export interface Session {
  /** The frame as lines of text. */
  lines(): string[];
  frame(): string;
  /** Types keys: characters, or names such as `down` and `ctrl+d`. */
  press(...keys: string[]): void;
  poll(): void;
  /** Until every text is on the screen; fails with the last frame. */
  until(...texts: string[]): Promise<void>;
  /** Until a text is no longer on the screen. */
  gone(text: string): Promise<void>;
  readonly asked: string[];
  close(): void;
}

const sequences: Readonly<Record<string, string>> = {
  up: '\u001b[A', down: '\u001b[B', right: '\u001b[C', left: '\u001b[D', enter: '\r', esc: '\u001b', tab: '\t', 'shift+tab': '\u001b[Z', backspace: '\u007f', space: ' ',
};

export async function openSession(home: Home, size: Size, options: { color?: boolean; unicode?: boolean; now?: number | (() => number) } = {}): Promise<Session> {
  const store = makeStore(reduce, initialState(size));
  const asked: string[] = [];
  const surface = { quit: () => void asked.push('quit'), suspend: () => void asked.push('suspend'), redraw: () => void asked.push('redraw'), ring: () => void asked.push('ring') };
  const controller = makeController({ store, services: home.services, surface, clock: () => (typeof options.now === 'function' ? options.now() : (options.now ?? Date.now())) });
  const stdin = new Keyboard();
  const theme = makeTheme({ color: options.color ?? false, unicode: options.unicode ?? true });
  const shown = show({ store, themeOf: () => theme, onKey: controller.press }, stdin);
  const end = controller.start();
  const frame = (): string => shown.lines().join('\n');
  return {
    asked,
    lines: shown.lines,
    frame,
    press: (...keys) => keys.forEach((key) => stdin.type(sequences[key] ?? (key.startsWith('ctrl+') ? String.fromCharCode(key.charCodeAt(5) & 31) : key))),
    poll: controller.poll,
    gone: (text) => vi.waitFor(() => {
      if (frame().includes(text)) throw new Error(`"${text}" is still in\n${frame()}`);
    }, { timeout: 30_000, interval: 5 }),
    until: (...texts) => vi.waitFor(() => {
      const now = frame();
      for (const text of texts) if (!now.includes(text)) throw new Error(`"${text}" did not appear in\n${now}`);
    }, { timeout: 30_000, interval: 5 }),
    close: () => {
      end();
      shown.close();
    },
  };
}

/** A state as it is drawn. */
export function firstFrame(state: AppState): string {
  const shown = show({ store: makeStore(reduce, state), themeOf: () => makeTheme({ color: false, unicode: true }), onKey: () => undefined }, new Keyboard());
  const frame = shown.lines().join('\n');
  shown.close();
  return frame;
}

/** `lines`: the newest frame without its colours. */
function show(props: Omit<RootProps, 'onDrawn'>, stdin: Keyboard): { lines(): string[]; close(): void } {
  let frame = (): Frame => [];
  const stdout = Object.assign(new EventEmitter(), { ...props.store.get().size, write: () => true });
  const instance = render(<Root {...props} onDrawn={(newest) => (frame = newest)} />, {
    stdout: stdout as unknown as NodeJS.WriteStream, stdin: stdin as unknown as NodeJS.ReadStream, debug: true, exitOnCtrlC: false, patchConsole: false,
  });
  return { lines: () => frame().map((row) => stripVTControlCharacters(rowText(row))), close: () => instance.unmount() };
}

/** A row as text, with spaces where nothing is. */
function rowText(parts: Frame[number]): string {
  let column = 0;
  let text = '';
  for (const part of parts) {
    text += ' '.repeat(Math.max(0, part.left - column)) + part.text;
    column = part.left + part.width;
  }
  return text;
}

/** What breaks a frame: a line too wide, or more lines than the terminal has. */
export function overflow(lines: readonly string[], { columns, rows }: Size): string[] {
  const wide = lines.filter((text) => widthOf(text) > columns).map((text) => `${widthOf(text)} columns: ${text}`);
  return lines.length <= rows ? wide : [`${lines.length} lines`, ...wide];
}

class Keyboard extends EventEmitter {
  readonly isTTY = true;
  #pending: string[] = [];

  type(text: string): void {
    this.#pending.push(text);
    this.emit('readable');
  }

  read(): string | null {
    return this.#pending.shift() ?? null;
  }

  setEncoding(): void {}
  setRawMode(): void {}
  ref(): void {}
  unref(): void {}
}
