/** The live screen: one run of those that are going on, or the last that was. */
import type { MachineReading } from '../../../machine/meter.js';
import type { RunRecord } from '../../../store/rows.js';
import type { LiveChange } from '../../../trainer/events.js';
import type { Detail } from '../../curve.js';
import { initialDrawing, reduceDrawing } from '../../drawing.js';
import type { Drawing, DrawingAction } from '../../drawing.js';
import { stepsOf } from '../../run-data.js';
import type { RunData } from '../../run-data.js';
import type { RunLog } from '../../services.js';

/** In the order in which Tab goes through them. */
export const panes = ['loss', 'samples', 'events', 'curves', 'machine', 'log'] as const;
export type Pane = (typeof panes)[number];

export interface LiveState {
  /** The run looked at; null when there is none. */
  readonly runId: string | null;
  readonly data: RunData | null;
  /** Whether somebody asked for this run, or saw it run. */
  readonly chosen: boolean;
  readonly drawing: Drawing;
  /** Of the part that is shown, where it is read more finely than the whole. */
  readonly detail: Detail | null;
  readonly focus: Pane;
  /** The side pane that had the focus last: it is seen where several share a place. */
  readonly tab: Pane;
  /** The focused pane takes the whole screen. */
  readonly full: boolean;
  /** Rows scrolled, from the top; of the log from its end. */
  readonly scroll: number;
  readonly machine: MachineReading | null;
  readonly log: RunLog | null;
  /** What was asked of the run and not yet heard by it, so that a second press goes on from there. */
  readonly asked: LiveChange;
}

export type LiveAction =
  /** `chosen`: asked for, or seen running; from another one the screen moves on to what runs. */
  | { readonly type: 'watch'; readonly runId: string | null; readonly chosen: boolean }
  | { readonly type: 'data'; readonly data: RunData }
  | { readonly type: 'draw'; readonly action: DrawingAction }
  | { readonly type: 'detail'; readonly detail: Detail | null }
  | { readonly type: 'focus'; readonly by: 1 | -1 }
  | { readonly type: 'full'; readonly full: boolean }
  | { readonly type: 'scroll'; readonly by: number; readonly limit: number }
  | { readonly type: 'machine'; readonly reading: MachineReading }
  | { readonly type: 'log'; readonly log: RunLog }
  | { readonly type: 'asked'; readonly changes: LiveChange };

export const initialLive: LiveState = {
  runId: null, chosen: false, data: null, drawing: initialDrawing, detail: null, focus: 'loss', tab: 'samples', full: false, scroll: 0, machine: null, log: null, asked: {},
};

export function reduceLive(state: LiveState, action: LiveAction): LiveState {
  switch (action.type) {
    case 'watch':
      return action.runId === state.runId ? { ...state, chosen: state.chosen || action.chosen } : { ...state, runId: action.runId, chosen: action.chosen, data: null, detail: null, log: null, asked: {}, scroll: 0, drawing: { ...state.drawing, window: null } };
    case 'data':
      return action.data.record.id === state.runId && action.data !== state.data ? { ...state, data: action.data, asked: unheard(state.asked, action.data.record) } : state;
    case 'draw':
      return { ...state, drawing: reduceDrawing(state.drawing, action.action, state.data ? stepsOf(state.data) : { from: 0, to: 0 }) };
    case 'detail':
      return action.detail === state.detail ? state : { ...state, detail: action.detail };
    case 'focus': {
      const focus = panes[(panes.indexOf(state.focus) + action.by + panes.length) % panes.length];
      return { ...state, focus, tab: focus === 'loss' ? state.tab : focus, scroll: 0 };
    }
    case 'full':
      return { ...state, full: action.full, scroll: 0 };
    case 'scroll': {
      const scroll = Math.max(0, Math.min(state.scroll + action.by, action.limit));
      return scroll === state.scroll ? state : { ...state, scroll };
    }
    case 'machine': {
      const machine = rounded(action.reading);
      return JSON.stringify(machine) === JSON.stringify(state.machine) ? state : { ...state, machine };
    }
    case 'log':
      return JSON.stringify(action.log) === JSON.stringify(state.log) ? state : { ...state, log: action.log };
    case 'asked':
      return { ...state, asked: { ...state.asked, ...action.changes } };
  }
}

/** What the run has not taken over yet. */
function unheard(asked: LiveChange, { config, state }: RunRecord): LiveChange {
  const left = Object.entries(asked).filter(([key, value]) => config.train[key as keyof LiveChange] !== value);
  return state === 'running' || state === 'paused' ? (Object.fromEntries(left) as LiveChange) : {};
}

/** As finely as it is shown, so that the screen is not drawn again for what nobody sees. */
function rounded(reading: MachineReading): MachineReading {
  const percent = (share: number | null): number | null => share === null ? null : Math.round(100 * share) / 100;
  const bytes = (amount: number | null): number | null => amount === null ? null : Number(amount.toPrecision(2));
  const gpus = reading.gpus.map((gpu) => ({ ...gpu, utilisation: percent(gpu.utilisation), usedBytes: bytes(gpu.usedBytes), watts: gpu.watts === null ? null : Math.round(gpu.watts) }));
  return { ...reading, cpu: percent(reading.cpu), usedBytes: Number(reading.usedBytes.toPrecision(2)), gpus };
}
