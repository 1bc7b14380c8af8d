/** The comparison: which runs, what of them is drawn and how, and which one the others are measured against. */
import type { RunRecord } from '../../../store/rows.js';
import { initialDrawing, reduceDrawing } from '../../drawing.js';
import type { Drawing, DrawingAction } from '../../drawing.js';
import { metricsOf } from './model.js';
import type { ComparedCurve, Metric } from './model.js';

export interface CompareState {
  readonly runIds: readonly string[];
  /** The id of the pinned run. */
  readonly baseline: string | null;
  /** Row in the table of results. */
  readonly cursor: number;
  readonly metric: Metric;
  readonly drawing: Drawing;
  /** Ids of runs whose curves are not drawn. */
  readonly hidden: readonly string[];
  /** First row of the differences that is shown. */
  readonly scroll: number;
  /** By run, of the metric that is drawn; `step` is where the run was when it was read. */
  readonly curves: Readonly<Record<string, { readonly metric: Metric; readonly step: number; readonly curve: ComparedCurve }>>;
}

export type CompareAction =
  | { readonly type: 'runs'; readonly ids: readonly string[] }
  | { readonly type: 'move'; readonly by: number }
  | { readonly type: 'scroll'; readonly by: number }
  | { readonly type: 'metric'; readonly by: 1 | -1 }
  | { readonly type: 'draw'; readonly action: DrawingAction }
  | { readonly type: 'pin' }
  | { readonly type: 'hide' }
  | { readonly type: 'drop' }
  | { readonly type: 'curves'; readonly curves: CompareState['curves'] };

export const initialCompare: CompareState = { runIds: [], baseline: null, cursor: 0, metric: 'loss', drawing: initialDrawing, hidden: [], scroll: 0, curves: {} };

export function reduceCompare(state: CompareState, action: CompareAction): CompareState {
  const under = state.runIds[state.cursor];
  switch (action.type) {
    case 'runs':
      return { ...state, runIds: action.ids, cursor: 0, scroll: 0, hidden: [], curves: {}, baseline: action.ids.includes(state.baseline ?? '') ? state.baseline : null };
    case 'move':
      return { ...state, cursor: Math.max(0, Math.min(state.cursor + action.by, state.runIds.length - 1)) };
    case 'scroll':
      return { ...state, scroll: Math.max(0, state.scroll + action.by) };
    case 'metric':
      return { ...state, metric: next(metricsOf(state.runIds.flatMap((id) => state.curves[id]?.curve.setKeys ?? [])), state.metric, action.by) };
    case 'draw':
      return { ...state, drawing: reduceDrawing(state.drawing, action.action, { from: 0, to: 0 }) };
    case 'pin':
      return under === undefined ? state : { ...state, baseline: state.baseline === under ? null : under };
    case 'hide':
      return under === undefined ? state : { ...state, hidden: state.hidden.includes(under) ? state.hidden.filter((id) => id !== under) : [...state.hidden, under] };
    case 'drop':
      return under === undefined ? state : withRuns(state, state.runIds.filter((id) => id !== under));
    case 'curves':
      return { ...state, curves: action.curves };
  }
}

/** Runs that are gone are compared no longer. */
export function followCompared(state: CompareState, runs: readonly RunRecord[]): CompareState {
  if (state.runIds.length === 0) return state;
  const known = new Set(runs.map(({ id }) => id));
  return state.runIds.every((id) => known.has(id)) ? state : withRuns(state, state.runIds.filter((id) => known.has(id)));
}

/** In the order in which they were marked. */
export function comparedRuns({ runIds }: Pick<CompareState, 'runIds'>, runs: readonly RunRecord[]): readonly RunRecord[] {
  const wanted = new Set(runIds);
  const found = new Map(runs.filter(({ id }) => wanted.has(id)).map((run) => [run.id, run]));
  return runIds.flatMap((id) => found.get(id) ?? []);
}

function withRuns(state: CompareState, runIds: readonly string[]): CompareState {
  const baseline = state.baseline !== null && runIds.includes(state.baseline) ? state.baseline : null;
  return { ...state, runIds, baseline, cursor: Math.max(0, Math.min(state.cursor, runIds.length - 1)) };
}

function next<T>(all: readonly T[], at: T, by: 1 | -1): T {
  return all[(Math.max(0, all.indexOf(at)) + by + all.length) % all.length];
}
