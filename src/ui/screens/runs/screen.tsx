/** The history as the shell knows it. */
import { look } from '../../look.js';
import type { ScreenDefinition } from '../../screen.js';
import { runsKeys, runsTables } from './keys.js';
import { followRun, initialRuns, reduceRuns } from './state.js';
import type { RunsAction, RunsState } from './state.js';
import { RunsView } from './view.js';

export type RunsIntent = { readonly ask: 'open'; readonly runId: string } | { readonly ask: 'resume'; readonly runId: string };

export const history: ScreenDefinition<'history', RunsState, RunsAction, RunsIntent> = {
  name: 'history',
  title: 'Runs',
  initial: initialRuns,
  reduce: (own, action, { runs }) => reduceRuns(own, action, runs),
  followRuns: followRun,
  keys: runsKeys,
  tables: runsTables,
  View: ({ state, width, height }) => <RunsView state={state.history} runs={state.runs} knobs={state.newRun.knobs} drawing={state.live.drawing} now={state.now} looked={state.connected} width={width} height={height} />,
  intents: {
    open: ({ runId }, { send, refresh }) => {
      send({ type: 'history', action: { type: 'open', runId } }, { type: 'screen', screen: 'history' });
      refresh();
    },
    resume: async ({ runId }, { services, send, refresh }) => {
      await services.resume(runId);
      send({ type: 'notice', notice: { tone: 'good', text: 'It goes on from its newest checkpoint when its turn comes.' } });
      refresh();
    },
  },
  refresh({ get, send, services }) {
    const { opened } = get().history;
    if (opened) send({ type: 'history', action: { type: 'data', data: look(services.reader, opened.runId, opened.data) } });
  },
};
