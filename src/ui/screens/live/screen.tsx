/** The live screen as the shell knows it. */
import type { Control } from '../../../trainer/events.js';
import { readShown } from '../../look.js';
import type { ScreenDefinition, World } from '../../screen.js';
import { inSlices } from '../../slices.js';
import { unendedRuns } from '../../state.js';
import { readingDetail } from './detail.js';
import { liveKeys } from './keys.js';
import { isShown, layoutOf } from './layout.js';
import { initialLive, reduceLive } from './state.js';
import type { LiveAction, LiveState, Pane } from './state.js';
import { steer } from './steer.js';
import type { Steering } from './steer.js';
import { LiveView } from './view.js';

export type LiveIntent =
  | { readonly ask: 'watch'; readonly runId: string }
  | { readonly ask: 'control'; readonly runId: string; readonly control: Control }
  | { readonly ask: 'kill'; readonly runId: string }
  | ({ readonly ask: 'steer' } & Steering)
  /** The part of the curves that is shown, as finely as it can be. */
  | { readonly ask: 'refine' }
  /** What a pane shows that is not read while nobody sees it. */
  | { readonly ask: 'look-closer' };

/** How often the machine is measured while that is shown, in milliseconds. */
const measureEvery = 3000;

export const live: ScreenDefinition<'live', LiveState, LiveAction, LiveIntent> = {
  name: 'live',
  title: 'Live',
  initial: initialLive,
  reduce: reduceLive,
  keys: liveKeys,
  tables: () => liveKeys,
  View: ({ state, width, height }) => <LiveView state={state.live} looked={state.connected} width={width} height={height} />,
  intents: {
    watch: ({ runId }, { send, refresh }) => {
      send({ type: 'live', action: { type: 'watch', runId, chosen: true } }, { type: 'screen', screen: 'live' });
      refresh();
    },
    control: tell,
    kill: async ({ runId }, { services, send, refresh }) => {
      await services.kill(runId);
      send({ type: 'notice', notice: { tone: 'warn', text: 'Killed. What its last checkpoint holds is kept; R among the runs resumes it.' } });
      refresh();
    },
    steer,
    refine: (_, world) => refine(world),
    'look-closer': (_, world) => lookCloser(world),
  },
  start(world) {
    const timer = setInterval(() => void measure(world), measureEvery);
    timer.unref();
    return () => clearInterval(timer);
  },
  refresh(world) {
    const { get, send } = world;
    const state = get();
    const going = unendedRuns(state);
    const run = going.find((each) => each.state === 'running') ?? going.find((each) => each.state === 'paused') ?? going[0] ?? state.runs[0];
    const { runId, chosen } = state.live;
    const idle = runId === null || (!chosen && going.length > 0);
    // One that was seen running is stayed with when it ends.
    if (idle && run) send({ type: 'live', action: { type: 'watch', runId: run.id, chosen: going.includes(run) } });
    readOn(world);
    void lookCloser(world);
  },
};

function readOn(world: World): void {
  const { get, send, services } = world;
  readShown(services.reader, {
    runId: () => get().live.runId,
    data: () => get().live.data,
    show(data) {
      send({ type: 'live', action: { type: 'data', data } });
      if (get().live.drawing.window !== null) world.send({ ask: 'refine' });
    },
  });
}

/** What is being read of the part that is shown, by session: of which, and whether it has gone on meanwhile. */
const refining = new WeakMap<World, { readonly part: string; again: boolean }>();

/** One reading at a time: another part is read in its place, the same one after it where the run has gone on. */
async function refine(world: World): Promise<void> {
  const { get, send, services } = world;
  const part = partOf(get().live);
  const going = refining.get(world);
  if (going?.part === part) return void (going.again = true);
  const mine = { part, again: false };
  refining.set(world, mine);
  try {
    const read = await inSlices(readingDetail(services.reader, get().live), () => refining.get(world) === mine && partOf(get().live) === part);
    if (read !== null) send({ type: 'live', action: { type: 'detail', detail: read.found } });
  } finally {
    if (refining.get(world) === mine) refining.delete(world);
  }
  if (mine.again) await refine(world);
}

function partOf({ runId, drawing }: LiveState): string {
  return JSON.stringify([runId, drawing.window]);
}

function sees({ get }: World, pane: Pane): boolean {
  const { screen, live: shown, size } = get();
  return screen === 'live' && shown.data !== null && isShown(layoutOf(shown, size.columns, size.rows - 2), pane);
}

async function lookCloser(world: World): Promise<void> {
  const { get, send, services } = world;
  const { runId, machine } = get().live;
  if (runId !== null && sees(world, 'log')) send({ type: 'live', action: { type: 'log', log: services.log(runId) } });
  if (machine === null) await measure(world);
}

async function measure(world: World): Promise<void> {
  if (sees(world, 'machine')) world.send({ type: 'live', action: { type: 'machine', reading: await world.services.machine() } });
}

async function tell({ runId, control }: Extract<LiveIntent, { ask: 'control' }>, { services, send, refresh }: World): Promise<void> {
  const { state, step } = services.reader.run(runId);
  await services.control(runId, control);
  const text = state === 'queued' ? 'Taken out of the queue.' : told[control];
  // Where the state changes the screen shows it; what else is asked is done by the step after.
  const anyStep = control === 'stop' || control === 'pause';
  send({ type: 'notice', notice: { tone: 'good', text, until: { runId, state, step: anyStep ? Infinity : step } } });
  refresh();
}

const told = {
  stop: 'Stopping: it saves after the step it is in.',
  pause: 'Pausing after the step it is in.',
  continue: 'Going on.',
  save: 'A checkpoint is written after the step it is in.',
  evaluate: 'It evaluates after the step it is in.',
  sample: 'It samples after the step it is in.',
} as const;
