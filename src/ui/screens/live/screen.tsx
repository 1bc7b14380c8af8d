/** The live screen as the shell knows it. */
import type { Control } from '../../../trainer/events.js';
import { look } from '../../look.js';
import type { ScreenDefinition, World } from '../../screen.js';
import { liveRuns } from '../../state.js';
import { liveKeys } from './keys.js';
import { initialLive, reduceLive } from './state.js';
import type { LiveAction, LiveState } from './state.js';
import { LiveView } from './view.js';

export type LiveIntent =
  | { readonly ask: 'watch'; readonly runId: string }
  | { readonly ask: 'control'; readonly runId: string; readonly control: Control };

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
      send({ type: 'live', action: { type: 'watch', runId } }, { type: 'screen', screen: 'live' });
      refresh();
    },
    control: tell,
  },
  refresh({ get, send, services }) {
    const state = get();
    const going = liveRuns(state);
    const run = going.find((each) => each.state === 'running') ?? going.find((each) => each.state === 'paused') ?? going[0] ?? state.runs[0];
    if (state.live.runId === null && run) send({ type: 'live', action: { type: 'watch', runId: run.id } });
    const { runId, data } = get().live;
    if (runId !== null) send({ type: 'live', action: { type: 'data', data: look(services.reader, runId, data) } });
  },
};

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
