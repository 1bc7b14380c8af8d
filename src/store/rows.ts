/** What is read back from the store. The names are those of `workbench show --json`. */
import type { Experiment } from '../config/schema.js';
import type { Measurement } from '../trainer/events.js';
import type { SearchRecord, SearchState } from './search-rows.js';
import type { SqlLimits, SqlResult } from './sql.js';

export type { SearchRecord, SearchState, TrialChange, TrialRecord } from './search-rows.js';
export type { SqlLimits, SqlResult, SqlValue } from './sql.js';

export const runStates = ['queued', 'running', 'paused', 'completed', 'stopped', 'failed', 'crashed'] as const;
export type RunState = (typeof runStates)[number];
/** Of a run that no longer waits for its first process. */
export type BegunState = Exclude<RunState, 'queued'>;

/** What comes before the name of a set of a mixture in the key of the curve of its loss. */
export const setLossPrefix = 'eval_loss/';

/** A run in one of these states has a process, or a lie is being told. */
export const liveStates = ['running', 'paused'] as const satisfies readonly RunState[];

export function isLive({ state }: { readonly state: RunState }): boolean {
  return liveStates.some((live) => live === state);
}

/** It goes on by itself, or waits for its turn. */
export function isUnended({ state }: { readonly state: RunState }): boolean {
  return state === 'queued' || liveStates.some((live) => live === state);
}

/** One run, whole. What does not apply is null; times are ISO 8601 in UTC. */
export interface RunRecord {
  readonly id: string;
  readonly name: string;
  readonly state: RunState;
  readonly reason: string | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  /** How long it has worked, all its parts together and pauses left out, up to what it said last; null before its start. */
  readonly worked_seconds: number | null;
  /** From when on the part that goes on is not in that yet; null while it rests. */
  readonly working_since: string | null;
  readonly config: Experiment;
  readonly engine: string | null;
  readonly trainable_parameters: number | null;
  readonly total_parameters: number | null;
  readonly step: number;
  readonly total_steps: number | null;
  readonly epoch: number | null;
  readonly tokens_seen: number | null;
  readonly tokens_per_second: number | null;
  readonly train_loss: number | null;
  readonly eval_loss: number | null;
  readonly perplexity: number | null;
  readonly best_eval_loss: number | null;
  readonly accuracy: number | null;
  readonly peak_memory_bytes: number | null;
  readonly estimated_memory_bytes: number | null;
  /** Oldest first; of a single run, only those that are still on disk. `valid`, which looks there, is true where no file is missing or cut. */
  readonly checkpoints: readonly { readonly step: number; readonly path: string; readonly valid: boolean }[];
  readonly resumed_from: string | null;
  readonly output: string | null;
  /** The id of the run this one branched from. */
  readonly parent: string | null;
  readonly tags: readonly string[];
  readonly note: string;
  readonly archived: boolean;
}

/** The run of a trial, as far as its search has to know it. */
export interface TrialRun extends Pick<RunRecord, 'id' | 'state' | 'reason' | 'step'> {
  /** Its search was stopped, and it has not gone on since: that it stops, or waits no more, is nobody's judgement of it. */
  readonly halted: boolean;
}

/**
 * `key` is a field of a step or eval event: loss, eval_loss, learning_rate, grad_norm, tokens_per_second, …
 * A value that was not a number (a loss that blew up) is NaN.
 */
export interface MetricPoint {
  readonly step: number;
  readonly time: string;
  readonly key: string;
  readonly value: number;
}

/** Points of a curve that follow each other, as one: what remains of them where there are more than a screen has columns. */
export interface Stretch {
  /** Steps of the first and the last point. */
  readonly first: number;
  readonly last: number;
  /** Of the last point: milliseconds since 1970, and the number of the write that brought it. */
  readonly time: number;
  readonly seq: number;
  readonly points: number;
  /** How many of the points are numbers; where none is, the next three are NaN. */
  readonly finite: number;
  readonly low: number;
  readonly high: number;
  readonly mean: number;
}

export interface StretchRequest {
  readonly key: string;
  /** Steps beyond this, up to `to`. */
  readonly after: number;
  readonly to?: number;
  /** Points a stretch; the last one may have fewer. */
  readonly points: number;
  /** Stretches at most. */
  readonly limit: number;
}

export interface SampleRow {
  readonly step: number;
  readonly prompt: string;
  readonly text: string;
}

/** What happened in a run besides its numbers: saves, pauses, controls by hand, warnings, its end. */
export interface HistoryRow {
  readonly time: string;
  readonly type: string;
  readonly step: number | null;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A process, told from a later one that got the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the words of the system. */
  readonly startTime: string;
  /** Of the machine's start; another after a reboot. */
  readonly bootId: string;
  /** The name of the machine; missing in a record made before it was kept. */
  readonly host?: string;
  /** Where its number is that number, in the words of the system; missing where there is but one such place, and in a record made before it was kept. */
  readonly pidNamespace?: string;
}

/** The reading half of the store: what the screen and the commands that only look may use. */
export interface StoreReader {
  /** All runs, newest first. The same array while nothing has changed, the same record for each run that has not; asked again, only what has changed is read. */
  runs(): readonly RunRecord[];
  /** Whether there is a run of that very id. */
  has(id: string): boolean;
  /** By id, unique prefix or name (the newest of that name); throws UserError naming near ones when there is none. */
  run(reference: string): RunRecord;
  /** By key, each in the order of steps. */
  metrics(runId: string, keys?: readonly string[]): readonly MetricPoint[];
  /** Only points written after `cursor` (0 at first): what a live chart asks for, again and again. */
  metricsSince(runId: string, cursor: number): { readonly points: readonly MetricPoint[]; readonly cursor: number };
  /** A curve in the order of steps, reduced where the points lie: reading costs what is read, never an object a point. */
  stretches(runId: string, request: StretchRequest): readonly Stretch[];
  /** The keys of a run's curves that begin so, in the order in which they were first known. */
  curveKeys(runId: string, prefix: string): readonly string[];
  /** Exact for a few thousand points; of more about how many there are, so that it costs no more. */
  pointCount(runId: string, within: Pick<StretchRequest, 'key' | 'after' | 'to'>): number;
  /** Whether a curve still ends its stretch as it was read; not so when a resume has written that part anew. */
  stillHolds(runId: string, key: string, stretch: Pick<Stretch, 'last' | 'seq'>): boolean;
  /** At most `points` of a curve at even distances: what a curve one line high shows. As fast for a million points as for a hundred. */
  sketch(runId: string, key: string, points: number): { readonly x: readonly number[]; readonly y: readonly number[] };
  /** What `setPreference` has kept; null where nothing is. */
  preference(name: string): unknown;
  /** Those of a part that a resume went back behind are left out. */
  samples(runId: string): readonly SampleRow[];
  warnings(runId: string): readonly string[];
  history(runId: string): readonly HistoryRow[];
  /** Only what was written after `cursor` (0 at first). */
  historySince(runId: string, cursor: number): { readonly rows: readonly HistoryRow[]; readonly cursor: number };
  /** The process a run has or had last; null before it was started and after a clean end. */
  processOf(runId: string): ProcessIdentity | null;
  /** Ids of the runs that wait for their turn, the next one first. */
  queue(): readonly string[];
  /** When a queued run began to wait; null when it is not queued. */
  waitingSince(runId: string): string | null;
  /** Newest first. */
  searches(): readonly SearchRecord[];
  /** Throws a UserError, naming a near one, when there is none of this name. */
  search(name: string): SearchRecord;
  /** How each search stands, newest first: cheap, however many trials they have. */
  searchStates(): ReadonlyMap<string, SearchState>;
  /** The runs of the trials of a search that are not deleted, by the number of the trial. */
  trialRuns(name: string): ReadonlyMap<number, TrialRun>;
  /** The searches that are over and of whose end nobody has told yet. */
  untoldSearches(): readonly string[];
  /** How many runs of the queue may run at once. */
  parallel(): number;
  /** Queued runs that wait for no turn: whoever made them starts them at once, or is gone. */
  unclaimed(): readonly { readonly id: string; readonly since: string }[];
  /** The runs that have a process, or are said to. */
  live(): readonly { readonly id: string; readonly process: ProcessIdentity | null }[];
  /** What the last thousand finished runs took beside what was estimated for them, oldest first. */
  measurements(): readonly Measurement[];
  /** The runs that have ended, have no process any more, and of whose end nobody has told yet. */
  untold(): readonly string[];
  /** Grows when anybody has written: cheap to ask often, so that nothing is redrawn without a reason. */
  version(): number;
  /** Answers a query in SQL over the views that `sqlViews` tells of; throws a UserError where it is not understood or would write. */
  sql(query: string, limits?: SqlLimits): SqlResult;
  sqlViews(): readonly { readonly name: string; readonly tells: string; readonly columns: readonly string[] }[];
  /** Experiments as they were first asked for, by run: of those that were changed since, live or by a resume. */
  originals(): ReadonlyMap<string, Experiment>;
  /** The same of one run; null where it is as it was asked for. */
  original(runId: string): Experiment | null;
  /** What SQLite's own check of the whole file finds wrong; nothing when it is sound. Slow on a large store. */
  damage(): readonly string[];
  close(): void;
}
