/** The keys of the live screen: one each for everything that can be asked of a run. */
import type { RunRecord } from '../../../store/rows.js';
import type { Binding, KeyTable } from '../../keys.js';
import { liveRuns } from '../../state.js';
import type { AppState, Message } from '../../state.js';
import type { Control } from '../../../trainer/events.js';
import { isLive } from './state.js';

type RunBinding = Binding<AppState, Message>;

function current({ live }: AppState): RunRecord | null {
  return live.data && isLive(live.data.record) ? live.data.record : null;
}

function asks(control: Control, on: (run: RunRecord) => boolean = () => true) {
  return {
    when: (state: AppState) => {
      const run = current(state);
      return run !== null && on(run);
    },
    act: (state: AppState): Message => ({ ask: 'control', runId: current(state)!.id, control }),
  };
}

const stop: RunBinding = {
  keys: ['s'],
  does: 'stop the run (asks)',
  short: 'stop',
  when: (state) => current(state) !== null,
  act: (state) => {
    const run = current(state)!;
    return {
      type: 'ask',
      dialog: {
        title: 'Stop',
        question: `Stop ${run.name} at step ${run.step}? What it has learned is saved, and it can be resumed.`,
        answers: [
          { keys: ['s', 'y'], does: 'stop and save', then: [{ ask: 'control', runId: run.id, control: 'stop' }] },
          { keys: ['esc', 'n', 'q'], does: 'let it go on', then: [] },
        ],
      },
    };
  },
};

/** The live run before or after the one looked at. */
function neighbour(by: 1 | -1): Pick<RunBinding, 'when' | 'act'> {
  return {
    when: (state) => liveRuns(state).length > 1,
    act: (state) => {
      const runs = liveRuns(state);
      const at = runs.findIndex(({ id }) => id === state.live.runId);
      return { ask: 'watch', runId: runs[(Math.max(at, 0) + by + runs.length) % runs.length].id };
    },
  };
}

const table: KeyTable<AppState, Message> = {
  title: 'Live',
  bindings: [
    stop,
    { keys: ['p'], does: 'pause', short: 'pause', ...asks('pause', ({ state }) => state === 'running') },
    { keys: ['p', 'c'], does: 'continue', short: 'continue', ...asks('continue', ({ state }) => state === 'paused') },
    { keys: ['w'], does: 'write a checkpoint now', short: 'save', ...asks('save') },
    { keys: ['e'], does: 'evaluate now', short: 'evaluate', ...asks('evaluate') },
    { keys: ['a'], does: 'sample now', ...asks('sample') },
    { keys: ['S'], does: 'smooth the training loss more, or not at all', short: 'smooth', when: ({ live }) => live.data !== null, act: () => ({ type: 'live', action: { type: 'smooth' } }) },
    { keys: ['y'], does: 'logarithmic loss axis', short: 'log', when: ({ live }) => live.data !== null, act: () => ({ type: 'live', action: { type: 'log-scale' } }) },
    { keys: [']'], does: 'next live run', short: 'next run', ...neighbour(1) },
    { keys: ['['], does: 'previous live run', ...neighbour(-1) },
    { keys: ['j', 'down'], does: 'scroll the samples down', act: () => ({ type: 'live', action: { type: 'scroll', by: 1 } }) },
    { keys: ['k', 'up'], does: 'scroll the samples up', act: () => ({ type: 'live', action: { type: 'scroll', by: -1 } }) },
    { keys: ['esc', 'd'], does: 'detach: back to the runs; this one goes on', act: () => ({ type: 'screen', screen: 'runs' }) },
  ],
};

export function liveTables(): readonly KeyTable<AppState, Message>[] {
  return [table];
}
