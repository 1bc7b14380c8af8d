/** The keys of the live screen: one each for everything that can be asked of a run. */
import type { RunRecord } from '../../../store/rows.js';
import type { Binding } from '../../keys.js';
import type { Table } from '../../screen.js';
import { clean, cut } from '../../format/text.js';
import { setKeysOf } from '../../run-data.js';
import { unendedRuns } from '../../state.js';
import type { AppState, Dialog, Message } from '../../state.js';
import type { Control } from '../../../trainer/events.js';
import { scrollLimit, scrolled } from './scroll.js';
import { isUnended } from '../../../store/rows.js';
import type { DrawingAction } from '../../drawing.js';

type RunBinding = Binding<AppState, Message>;

function current({ live }: AppState): RunRecord | null {
  return live.data && isUnended(live.data.record) ? live.data.record : null;
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
  act: (state) => ({ type: 'ask', dialog: stopDialog(current(state)!) }),
};

function stopDialog({ id, name, state }: RunRecord): Dialog {
  const who = cut(clean(name), 40);
  if (state === 'queued') {
    return {
      title: 'Stop',
      question: `Stop ${who}? It leaves the queue before it began; nothing is lost but its place, and R among the runs puts it in line again.`,
      answers: [
        { keys: ['s', 'y'], does: 'take it out', then: [{ ask: 'control', runId: id, control: 'stop' }] },
        { keys: ['esc', 'n', 'q'], does: 'let it wait', then: [] },
      ],
    };
  }
  return {
    title: 'Stop',
    question: `Stop ${who}? What it has learned is saved, and R among the runs resumes it. Killed, it keeps what its last checkpoint holds.`,
    answers: [
      { keys: ['s', 'y'], does: 'stop and save', then: [{ ask: 'control', runId: id, control: 'stop' }] },
      { keys: ['k'], does: 'kill', then: [{ ask: 'kill', runId: id }] },
      { keys: ['esc', 'n', 'q'], does: 'let it go on', then: [] },
    ],
  };
}

const sample: RunBinding = {
  keys: ['a'],
  does: 'sample now',
  when: (state) => asks('sample', hasBegun).when(state),
  act: (state) => (current(state)!.config.sample.prompts.length > 0 ? asks('sample').act(state) : { type: 'notice', notice: { tone: 'warn', text: 'This run has nothing to sample from: its sample.prompts is empty. Set it before a start, under samples on New run (1).' } }),
};

/** The live run before or after the one looked at. */
function neighbour(by: 1 | -1): Pick<RunBinding, 'when' | 'act'> {
  return {
    when: (state) => unendedRuns(state).some(({ id }) => id !== state.live.runId),
    act: (state) => {
      const runs = unendedRuns(state);
      const at = runs.findIndex(({ id }) => id === state.live.runId);
      // From a run that has ended the first key goes to the nearest end of the line.
      const to = at < 0 ? (by > 0 ? 0 : -1) : at + by;
      return { ask: 'watch', runId: runs[(to + runs.length) % runs.length].id };
    },
  };
}

function steers(what: 'faster' | 'slower' | 'longer'): Pick<RunBinding, 'when' | 'act'> {
  return {
    when: (state) => current(state)?.state === 'running' || current(state)?.state === 'paused',
    act: (state) => ({ ask: 'steer', runId: current(state)!.id, what }),
  };
}

const controls: Table = {
  title: 'This run',
  bindings: [
    stop,
    { keys: ['p'], does: 'pause', short: 'pause', ...asks('pause', ({ state }) => state === 'running') },
    { keys: ['p', 'c'], does: 'continue', short: 'continue', ...asks('continue', ({ state }) => state === 'paused') },
    { keys: ['n'], does: 'next live run', short: 'next run', ...neighbour(1) },
    { keys: ['N'], does: 'previous live run', ...neighbour(-1) },
    { keys: ['w'], does: 'write a checkpoint now', short: 'save', ...asks('save', hasBegun) },
    { keys: ['e'], does: 'evaluate now', short: 'evaluate', ...asks('evaluate', hasBegun) },
    sample,
    { keys: ['+', '='], does: 'raise the learning rate, one step of 1, 2, 5', short: 'rate', hint: ['+', '-'], ...steers('faster') },
    { keys: ['-'], does: 'lower the learning rate, one step of 5, 2, 1', ...steers('slower') },
    { keys: ['x'], does: 'extend the run by a tenth', short: 'extend', ...steers('longer') },
  ],
};

const hasData = ({ live }: AppState): boolean => live.data !== null;
const hasSets = ({ live: { data } }: AppState): boolean => data !== null && setKeysOf(data).length > 0;
const isZoomed = ({ live }: AppState): boolean => live.drawing.window !== null;

function draws(action: DrawingAction, when: (state: AppState) => boolean = hasData): Pick<RunBinding, 'when' | 'act'> {
  return { when: (state) => hasData(state) && when(state), act: () => [{ type: 'live', action: { type: 'draw', action } }, { ask: 'refine' }] };
}

const curves: Table = {
  title: 'Curves',
  bindings: [
    { keys: ['S'], does: 'smooth the training loss more, or not at all', short: 'smooth', ...draws({ type: 'smooth', by: 1 }) },
    { keys: ['y'], does: 'logarithmic loss axis, or linear', short: 'log', ...draws({ type: 'log-scale' }) },
    { keys: ['t'], does: 'lay the points out by updates, tokens or time', short: 'axis', ...draws({ type: 'axis' }) },
    { keys: ['b'], does: 'draw by lines, or finer by dots', short: 'dots', ...draws({ type: 'style' }) },
    { keys: ['v'], does: 'the eval loss of each set of a mixture, or of all of them', short: 'sets', ...draws({ type: 'sets' }, hasSets) },
    { keys: ['i'], does: 'zoom in', short: 'zoom', hint: ['i', 'o'], ...draws({ type: 'zoom', by: 1 }) },
    { keys: ['o'], does: 'zoom out', ...draws({ type: 'zoom', by: -1 }, isZoomed) },
    { keys: ['h', 'left'], does: 'earlier', ...draws({ type: 'pan', by: -1 }, isZoomed) },
    { keys: ['l', 'right'], does: 'later', ...draws({ type: 'pan', by: 1 }, isZoomed) },
    { keys: ['f'], does: 'show the whole run', ...draws({ type: 'whole' }, isZoomed) },
  ],
};

/** Rows of half a page, as in the lists. */
const halfPage = 10;

/** `down` is towards the older of what is listed; the log has the newest last and is scrolled from there. */
function scrolls(by: (limit: number) => number): Pick<RunBinding, 'act'> {
  return {
    act: (state) => {
      const limit = scrollLimit(state);
      return { type: 'live', action: { type: 'scroll', by: by(limit) * (scrolled(state.live) === 'log' ? -1 : 1), limit } };
    },
  };
}

const isFull = ({ live }: AppState): boolean => live.full;
const goesOn = (state: AppState): boolean => current(state) !== null;
const toRuns = ({ live: { runId } }: AppState): Message[] => [...(runId === null ? [] : [{ type: 'history', action: { type: 'point', runId } } as const]), { type: 'screen', screen: 'history' }];

const around: Table = {
  title: 'Panes',
  bindings: [
    { keys: ['tab'], does: 'next pane', short: 'pane', act: () => [{ type: 'live', action: { type: 'focus', by: 1 } }, { ask: 'look-closer' }] },
    { keys: ['shift+tab'], does: 'previous pane', act: () => [{ type: 'live', action: { type: 'focus', by: -1 } }, { ask: 'look-closer' }] },
    { keys: ['enter'], does: 'the pane alone, or all of them', short: 'full', when: hasData, act: ({ live }) => [{ type: 'live', action: { type: 'full', full: !live.full } }, { ask: 'look-closer' }] },
    { keys: ['esc'], does: 'all panes', when: isFull, act: () => ({ type: 'live', action: { type: 'full', full: false } }) },
    { keys: ['j', 'down'], does: 'scroll down', ...scrolls(() => 1) },
    { keys: ['k', 'up'], does: 'scroll up', ...scrolls(() => -1) },
    { keys: ['ctrl+d', 'pagedown'], does: 'half a page down', ...scrolls(() => halfPage) },
    { keys: ['ctrl+u', 'pageup'], does: 'half a page up', ...scrolls(() => -halfPage) },
    { keys: ['g', 'home'], does: 'to the top', ...scrolls((limit) => -limit) },
    { keys: ['G', 'end'], does: 'to the bottom', ...scrolls((limit) => limit) },
    { keys: ['esc', 'd'], does: 'detach: back to the runs; this one goes on', short: 'detach', hint: ['d'], when: goesOn, act: toRuns },
    { keys: ['esc', 'd'], does: 'back to the runs', when: (state) => !goesOn(state), act: toRuns },
  ],
};

export const liveKeys: readonly Table[] = [controls, curves, around];
