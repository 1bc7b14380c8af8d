/** Between the pure state and the world: looks into the store, asks the services, and says what came of it. */
import { UserError, messageOf } from '../util/errors.js';
import type { StoreReader } from '../store/rows.js';
import type { Services } from './services.js';
import { activeTables } from './key-tables.js';
import { dispatchKey } from './keys.js';
import type { Key } from './keys.js';
import { addNews } from './run-data.js';
import type { RunData } from './run-data.js';
import { isLive } from './screens/live/state.js';
import { chosenDataset, currentKnob } from './screens/new-run/state.js';
import type { NewRunAction } from './screens/new-run/state.js';
import { textAt, valueAt } from './screens/new-run/draft.js';
import type { Draft } from './screens/new-run/draft.js';
import { liveRuns } from './state.js';
import type { Action, AppState, Intent } from './state.js';
import type { Store } from './store.js';

/** What only the terminal can do. */
export interface Surface {
  quit(): void;
  suspend(): void;
  redraw(): void;
}

export interface Controller {
  press(key: Key): void;
  /** Looks whether anybody has written, and shows it. Cheap when nobody has. */
  poll(): void;
  /** Ends with the assessment of the draft as it stands; a call replaces the one before. */
  assess(): Promise<void>;
}

export interface ControllerOptions {
  readonly store: Store<AppState, Action>;
  readonly services: Services;
  readonly surface: Surface;
  readonly clock: () => number;
}

/** A minute: the age of a run is shown no finer. */
const staleAfter = 60_000;

export function makeController({ store, services, surface, clock }: ControllerOptions): Controller {
  const { dispatch } = store;
  let seen = -1;
  let newest = 0;

  function perform(intent: Intent): void {
    switch (intent.ask) {
      case 'quit':
        return surface.quit();
      case 'suspend':
        return surface.suspend();
      case 'redraw':
        return surface.redraw();
      case 'start':
        return void start(intent.draft);
      case 'step':
        return step(intent.direction);
      case 'take-path':
        return void takePath(intent);
      case 'watch':
        return watch(intent.runId);
      case 'resume':
        return void resume(intent.runId);
      case 'open':
        dispatch({ type: 'history', action: { type: 'open', runId: intent.runId } });
        return refreshRuns();
      case 'control':
        return void tell(intent);
    }
  }

  async function start(draft: Draft): Promise<void> {
    dispatch({ type: 'new-run', action: { type: 'starting', starting: true } });
    await reporting(async () => watch(await services.startRun(services.parse(draft))));
    dispatch({ type: 'new-run', action: { type: 'starting', starting: false } });
  }

  function step(direction: 1 | -1): void {
    const { newRun } = store.get();
    const knob = currentKnob(newRun);
    if (knob === null) return;
    const before = valueAt(newRun.draft, knob.key);
    const value = services.step(knob.key, before, direction);
    if (value !== before) dispatch({ type: 'new-run', action: { type: 'set', key: knob.key, value } });
  }

  async function takePath({ key, text }: Extract<Intent, { ask: 'take-path' }>): Promise<void> {
    const form = (action: NewRunAction): void => dispatch({ type: 'new-run', action });
    const path = text.trim();
    if (path === textAt(store.get().newRun.draft, key)) return form({ type: 'edit-cancel' });
    try {
      if (path === '') throw new UserError('Type a path, or press Esc.');
      form(key === 'model' ? { type: 'model-found', entry: await services.modelAt(path) } : { type: 'dataset-found', entry: await services.datasetAt(path) });
    } catch (error) {
      form({ type: 'path-refused', text, error: messageOf(error) });
    }
  }

  async function resume(runId: string): Promise<void> {
    await reporting(async () => {
      await services.resume(runId);
      dispatch({ type: 'notice', notice: { tone: 'good', text: 'It goes on from its newest checkpoint when its turn comes.' } });
      refresh();
    });
  }

  async function tell({ runId, control }: Extract<Intent, { ask: 'control' }>): Promise<void> {
    await reporting(async () => {
      const { state, step } = services.reader.run(runId);
      await services.control(runId, control);
      const text = state === 'queued' ? 'Taken out of the queue.' : told[control];
      // Where the state changes the screen shows it; what else is asked is done by the step after.
      const anyStep = control === 'stop' || control === 'pause';
      dispatch({ type: 'notice', notice: { tone: 'good', text, until: { runId, state, step: anyStep ? Infinity : step } } });
      refresh();
    });
  }

  /** Shows why something the user asked for did not happen. */
  async function reporting(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      dispatch({ type: 'notice', notice: { tone: 'bad', text: messageOf(error) } });
    }
  }

  function watch(runId: string): void {
    dispatch({ type: 'live', action: { type: 'watch', runId } });
    dispatch({ type: 'screen', screen: 'live' });
    refresh();
  }

  function refresh(): void {
    dispatch({ type: 'runs', runs: services.reader.runs(), now: clock() });
    const state = store.get();
    if (state.live.runId === null) {
      const live = liveRuns(state);
      const run = live.find((each) => each.state === 'running') ?? live.find((each) => each.state === 'paused') ?? live[0] ?? state.runs[0];
      if (run) dispatch({ type: 'live', action: { type: 'watch', runId: run.id } });
    }
    refreshRuns();
  }

  /** The runs whose curves are on the screen. */
  function refreshRuns(): void {
    const { live, history } = store.get();
    if (live.runId !== null) dispatch({ type: 'live', action: { type: 'data', data: look(services.reader, live.runId, live.data) } });
    if (history.opened) dispatch({ type: 'history', action: { type: 'data', data: look(services.reader, history.opened.runId, history.opened.data) } });
  }

  return {
    press(key) {
      if (store.get().notice) dispatch({ type: 'notice', notice: null });
      for (const message of dispatchKey(activeTables(store.get()), store.get(), key)) {
        if ('ask' in message) perform(message);
        else dispatch(message);
      }
    },
    poll() {
      const version = services.reader.version();
      if (version === seen && (clock() - store.get().now < staleAfter || store.get().screen !== 'runs')) return;
      seen = version;
      refresh();
    },
    async assess() {
      const call = ++newest;
      const { draft } = store.get().newRun;
      const rows = chosenDataset(store.get().newRun)?.rows ?? undefined;
      const outcome = await estimateOrProblem(services, draft, rows);
      if (call === newest) dispatch({ type: 'new-run', action: { type: 'assessed', assessment: { draft, ...outcome } } });
    },
  };
}

async function estimateOrProblem(services: Services, draft: Draft, rows: number | undefined) {
  const missing = textAt(draft, 'model') === '' ? 'model' : textAt(draft, 'dataset.path') === '' ? 'dataset' : null;
  if (missing !== null) return { problem: `Choose a ${missing}: Tab goes to its pane, e types a path.`, estimate: null };
  try {
    return { problem: null, estimate: await services.estimate(services.parse(draft), rows === undefined ? {} : { rows }) };
  } catch (error) {
    return { problem: messageOf(error), estimate: null };
  }
}

function look(reader: StoreReader, runId: string, known: RunData | null): RunData {
  const cursor = known?.record.id === runId ? known.cursor : 0;
  const { points, cursor: next } = reader.metricsSince(runId, cursor);
  const record = reader.run(runId);
  return addNews(known, { record, points, cursor: next, samples: reader.samples(runId), warnings: reader.warnings(runId), ahead: record.state === 'queued' ? ahead(reader, runId) : null });
}

/** Names of the runs that have the places, then of those before it in the queue; null where it waits for no turn. */
function ahead(reader: StoreReader, runId: string): readonly string[] | null {
  const queue = reader.queue();
  const place = queue.indexOf(runId);
  if (place < 0) return null;
  const running = reader.live().map(({ id }) => id);
  const before = running.length >= reader.parallel() ? [...running, ...queue.slice(0, place)] : queue.slice(0, place);
  return before.map((id) => reader.run(id).name);
}

const told = {
  stop: 'Stopping: it saves after the step it is in.',
  pause: 'Pausing after the step it is in.',
  continue: 'Going on.',
  save: 'A checkpoint is written after the step it is in.',
  evaluate: 'It evaluates after the step it is in.',
  sample: 'It samples after the step it is in.',
} as const;

/** The line to leave behind in the terminal when the screen closes; null when nothing goes on. */
export function farewell(state: AppState): string | null {
  const going = state.runs.filter(isLive);
  if (going.length === 0) return null;
  const names = going.slice(0, 3).map(({ name }) => name).join(', ') + (going.length > 3 ? ', …' : '');
  return going.length === 1 ? `The run ${names} goes on; \`workbench\` shows it again.` : `${going.length} runs go on (${names}); \`workbench\` shows them again.`;
}
