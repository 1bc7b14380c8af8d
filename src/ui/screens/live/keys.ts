/** The keys of the live screen: one each for everything that can be asked of a run. */
import type { RunRecord } from '../../../store/rows.js';
import type { Binding } from '../../keys.js';
import type { Table } from '../../screen.js';
import { clean, cut } from '../../format/text.js';
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

/** A queued run has no process that could be asked for anything but to leave. */
function hasBegun({ state }: RunRecord): boolean {
  return state !== 'queued';
}

const stop: RunBinding = {
  keys: ['s'],
  does: 'stop the run, or take it out of the queue (asks)',
  short: 'stop',
  when: (state) => current(state) !== null,
  act: (state) => {
    const { id, name, state: at } = current(state)!;
    const waits = at === 'queued';
    const stopped = waits ? 'It leaves the queue before it began; nothing is lost but its place' : 'What it has learned is saved';
    return {
      type: 'ask',
      dialog: {
        title: 'Stop',
        question: `Stop ${cut(clean(name), 40)}? ${stopped}, and R among the runs (3) ${waits ? 'puts it in line again' : 'resumes it'}.`,
        answers: [
          { keys: ['s', 'y'], does: waits ? 'take it out' : 'stop and save', then: [{ ask: 'control', runId: id, control: 'stop' }] },
          { keys: ['esc', 'n', 'q'], does: waits ? 'let it wait' : 'let it go on', then: [] },
        ],
      },
    };
  },
};

const sample: RunBinding = {
  keys: ['a'],
  does: 'sample now',
  when: (state) => asks('sample', hasBegun).when(state),
  act: (state) => (current(state)!.config.sample.prompts.length > 0 ? asks('sample').act(state) : { type: 'notice', notice: { tone: 'warn', text: 'This run has nothing to sample from: its sample.prompts is empty. Set it before a start, under samples on New run (1).' } }),
};

/** The live run before or after the one looked at. */
function neighbour(by: 1 | -1): Pick<RunBinding, 'when' | 'act'> {
  return {
    when: (state) => liveRuns(state).some(({ id }) => id !== state.live.runId),
    act: (state) => {
      const runs = liveRuns(state);
      const at = runs.findIndex(({ id }) => id === state.live.runId);
      // From a run that has ended the first key goes to the nearest end of the line.
      const to = at < 0 ? (by > 0 ? 0 : -1) : at + by;
      return { ask: 'watch', runId: runs[(to + runs.length) % runs.length].id };
    },
  };
}

const table: Table = {
  title: 'Live',
  bindings: [
    stop,
    { keys: ['p'], does: 'pause', short: 'pause', ...asks('pause', ({ state }) => state === 'running') },
    { keys: ['p', 'c'], does: 'continue', short: 'continue', ...asks('continue', ({ state }) => state === 'paused') },
    { keys: [']'], does: 'next live run', short: 'next run', ...neighbour(1) },
    { keys: ['['], does: 'previous live run', ...neighbour(-1) },
    { keys: ['w'], does: 'write a checkpoint now', short: 'save', ...asks('save', hasBegun) },
    { keys: ['e'], does: 'evaluate now', short: 'evaluate', ...asks('evaluate', hasBegun) },
    sample,
    { keys: ['S'], does: 'smooth the training loss more, or not at all', short: 'smooth', when: ({ live }) => live.data !== null, act: () => ({ type: 'live', action: { type: 'smooth' } }) },
    { keys: ['y'], does: 'logarithmic loss axis', short: 'log', when: ({ live }) => live.data !== null, act: () => ({ type: 'live', action: { type: 'log-scale' } }) },
    { keys: ['j', 'down'], does: 'scroll the samples down', act: () => ({ type: 'live', action: { type: 'scroll', by: 1 } }) },
    { keys: ['k', 'up'], does: 'scroll the samples up', act: () => ({ type: 'live', action: { type: 'scroll', by: -1 } }) },
    { keys: ['esc', 'd'], does: 'detach: back to the runs; this one goes on', act: () => ({ type: 'screen', screen: 'history' }) },
  ],
};

export const liveKeys: readonly Table[] = [table];
