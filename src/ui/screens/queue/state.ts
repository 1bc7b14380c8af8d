/** The queue: what runs, what waits, what was cut off, and what has ended lately; one list with one cursor. */
import type { RunRecord, SearchRecord } from '../../../store/rows.js';
import { emptyPath, reducePath } from '../../widgets/path-field.js';
import type { PathAction, PathField } from '../../widgets/path-field.js';

export type Standing = 'running' | 'waiting' | 'cut off' | 'ended';

export interface Entry {
  readonly standing: Standing;
  readonly run: RunRecord;
  /** Its place among those that wait, from 1; null where it waits for no turn. */
  readonly place: number | null;
  /** Why it stands so, in words; empty where there is nothing to say. */
  readonly why: string;
}

/** What the store says of the line. */
export interface Line {
  /** Ids of those that wait, the next one first. */
  readonly waiting: readonly string[];
  readonly parallel: number;
  /** Those that were cut off, with the step each would go on from. */
  readonly interrupted: readonly { readonly run: RunRecord; readonly from: number }[];
  /** Those that are not over: whose trials wait here. */
  readonly searches: readonly SearchRecord[];
}

export interface QueueState {
  readonly parallel: number;
  readonly searches: readonly SearchRecord[];
  readonly entries: readonly Entry[];
  readonly cursor: number;
  /** The run that the cursor goes with, while that runs, waits or has ended as it did then; null: it stays on the first row. */
  readonly follows: string | null;
  /** The experiment file that is being typed. */
  readonly adding: PathField | null;
}

export type QueueAction =
  | { readonly type: 'line'; readonly line: Line }
  | { readonly type: 'move'; readonly by: number }
  | { readonly type: 'follow'; readonly runId: string }
  | { readonly type: 'add' }
  | { readonly type: 'path'; readonly action: PathAction }
  | { readonly type: 'close' };

export const initialQueue: QueueState = { parallel: 1, searches: [], entries: [], cursor: 0, follows: null, adding: null };

/** Ended runs that are shown. */
const shownEnded = 20;

export function reduceQueue(state: QueueState, action: QueueAction, runs: readonly RunRecord[]): QueueState {
  switch (action.type) {
    case 'line': {
      const entries = entriesOf(runs, action.line);
      const { parallel, searches } = action.line;
      const before = state.entries.find(({ run }) => run.id === state.follows);
      const found = entries.findIndex(({ run, standing }) => run.id === state.follows && (before === undefined || standing === before.standing));
      const next = { ...state, parallel, searches, entries };
      return found >= 0 ? { ...next, cursor: found } : at(state.cursor, next);
    }
    case 'move':
      return at(state.cursor + action.by, state);
    case 'follow':
      return { ...state, follows: action.runId };
    case 'add':
      return { ...state, adding: emptyPath };
    case 'path':
      return { ...state, adding: state.adding && reducePath(state.adding, action.action) };
    case 'close':
      return { ...state, adding: null };
  }
}

/** In the order in which they have the machine, had it, or will have it. */
export function entriesOf(runs: readonly RunRecord[], { waiting, parallel, interrupted }: Line): Entry[] {
  const byId = new Map(runs.map((run) => [run.id, run]));
  const running = runs.filter(({ state }) => state === 'running' || state === 'paused').reverse();
  const starting = runs.filter(({ state, id }) => state === 'queued' && !waiting.includes(id)).reverse();
  const inLine = waiting.flatMap((id) => byId.get(id) ?? []);
  const cut = new Map(interrupted.map(({ run, from }) => [run.id, from]));
  const ended = runs.filter(({ state, id, archived }) => !archived && !cut.has(id) && (state === 'completed' || state === 'stopped' || state === 'failed'));
  const entry = (standing: Standing, run: RunRecord, why: string, place: number | null = null): Entry => ({ standing, run, place, why });
  return [
    ...running.map((run) => entry('running', run, run.state === 'paused' ? 'paused: it keeps its place and its memory' : '')),
    ...starting.map((run) => entry('waiting', run, 'it is being started')),
    ...inLine.map((run, i) => entry('waiting', run, waitsFor(i, { inLine, running, parallel }), i + 1)),
    ...interrupted.map(({ run, from }) => entry('cut off', byId.get(run.id) ?? run, `${run.reason ?? 'crashed'}; ${from === 0 ? 'it would begin anew' : `it would go on from step ${from}`}`)),
    ...ended.sort((a, b) => (a.ended_at === b.ended_at ? 0 : (a.ended_at ?? '') < (b.ended_at ?? '') ? 1 : -1)).slice(0, shownEnded).map((run) => entry('ended', run, run.reason ?? '')),
  ];
}

function waitsFor(index: number, { inLine, running, parallel }: { readonly inLine: readonly RunRecord[]; readonly running: readonly RunRecord[]; readonly parallel: number }): string {
  const run = inLine[index];
  const goesOn = run.step > 0 ? `; it goes on after step ${run.checkpoints.at(-1)?.step ?? 0}` : '';
  if (running.length + index < parallel) return `it is its turn; where nothing happens, S has the line worked on${goesOn}`;
  if (index === 0) return `next, when ${running.length === 1 ? `${running[0].name} ends` : `one of the ${running.length} that run ends`}${goesOn}`;
  return `behind ${inLine[index - 1].name}${goesOn}`;
}

export function entryUnderCursor({ entries, cursor }: QueueState): Entry | null {
  return entries[cursor] ?? null;
}

/** Seconds that are left, at the pace of its tokens; null where that is not known. */
export function secondsLeft({ state, step, total_steps: total, tokens_seen: seen, tokens_per_second: pace }: RunRecord): number | null {
  if (state !== 'running' || total === null || !seen || !pace || step === 0) return null;
  return ((total - step) * (seen / step)) / pace;
}

/** On a row, and with its run from now on; the first row is what comes next, whichever that is. */
function at(row: number, state: QueueState): QueueState {
  const cursor = Math.max(0, Math.min(row, state.entries.length - 1));
  return { ...state, cursor, follows: cursor === 0 ? null : state.entries[cursor].run.id };
}
