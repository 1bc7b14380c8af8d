/** What the rest of the house may do with the store. */
import type { Experiment } from '../config/schema.js';
import type { SearchPlan } from '../config/search/plan.js';
import type { Request, TrainEvent } from '../trainer/events.js';
import type { BegunState, MetricPoint, ProcessIdentity, RunRecord, RunState, SearchRecord, SearchState, StoreReader, TrialChange, TrialRecord } from './rows.js';

export interface BranchOptions {
  readonly name: string;
  readonly config: Experiment;
  readonly parent: string;
  readonly step: number;
}

/** A run a trial, in their order. */
export interface NewSearch {
  readonly name: string;
  readonly plan: SearchPlan;
  readonly trials: readonly { readonly name: string; readonly config: Experiment; readonly parameters: TrialRecord['parameters'] }[];
}

/** `last`: where its log ends. */
export interface AdoptedRun extends Pick<RunRecord, 'id' | 'name' | 'created_at' | 'config' | 'reason'> {
  readonly state: BegunState;
  readonly points: readonly MetricPoint[];
  readonly last: Pick<RunRecord, 'step' | 'total_steps' | 'epoch' | 'tokens_seen' | 'train_loss' | 'eval_loss' | 'best_eval_loss' | 'output' | 'started_at' | 'ended_at' | 'worked_seconds'> | null;
}

/** The whole store. What a method writes is one transaction: all of it is on disk when it returns, or nothing. The files of a run that is removed go after its record. */
export interface Store extends StoreReader {
  /** Several calls as one: all of them or none, and nobody else writes between them. What `work` throws is thrown. */
  transaction<T>(work: () => T): T;
  /** Does what need not keep others from writing when the outermost transaction is over, kept or not; at once where there is none. Must not throw. */
  afterTransaction(work: () => void): void;
  /** A new run in state `queued`, with an id of its own; it waits for nobody until it is enqueued or started. */
  createRun(run: { readonly name: string; readonly config: Experiment; readonly parent?: string }): RunRecord;
  /**
   * A new queued run that goes on from a step of another: it begins with that one's points up to there. There is a record only when
   * `prepare` has put what belongs to it in its place.
   */
  branchRun(run: BranchOptions, prepare?: (id: string) => void): RunRecord;
  /** The record of a run as its folder tells it: one made elsewhere, or one that this store has lost or knows too little of. */
  adoptRun(run: AdoptedRun): void;
  /** Makes a run at rest queued again, with what it is to do now; false when it is not at rest. It waits for nobody until it is enqueued. */
  requeue(runId: string, config: Experiment): boolean;
  /** Keeps an event: the run's latest values, and its points or the event itself. `time` is ISO 8601. */
  record(runId: string, event: TrainEvent, time: string): void;
  /** Keeps what was asked by hand. */
  recordControl(runId: string, control: Request | 'kill', time: string): void;
  /** Says what a run could not say itself (that it crashed); with `from` only if that is still its state. One that is to wait again is requeued. */
  setState(runId: string, state: BegunState, reason: string | null, from?: RunState): void;
  /** Takes it upon the caller to tell of the end of a run; true for one caller alone, once an end. */
  takeEnd(runId: string): boolean;
  /** That process of a run has ended; false when the run has none or another one. */
  clearProcess(runId: string, process: ProcessIdentity): boolean;
  /** Puts a queued run at the end of the queue; once is enough. False when it is not queued any more. */
  enqueue(runId: string): boolean;
  /** Puts a queued run before all that wait. Throws a UserError when it is not queued any more. */
  enqueueFirst(runId: string): void;
  /** Gives a run of the queue another place, from 1; one past the end is the last. Throws a UserError when it is not in the queue. */
  moveInQueue(runId: string, place: number): void;
  setParallel(runs: number): void;
  /**
   * A new search with a run a trial, tagged with its name and in line: all of them or none. There is a record only when `prepare` has
   * put what belongs to each run in its place. Throws a UserError when there is a search of that name.
   */
  createSearch(search: NewSearch, prepare?: (run: RunRecord) => void): SearchRecord;
  /** Changes trials of a search that is running, all at once; false when it is not running any more. */
  changeTrials(name: string, changes: readonly TrialChange[]): boolean;
  /** False when it is not in state `from`. Trials that are not out of one that is stopped are halted. */
  setSearchState(name: string, change: { readonly state: SearchState; readonly from: SearchState; readonly reason: string | null }): boolean;
  /** Forgets a search; its runs stay. */
  removeSearch(name: string): void;
  /** Takes it upon the caller to tell of the end of a search; true for one caller alone. */
  takeSearchEnd(name: string): boolean;
  /** Keeps something for the screen of this home: plain data. */
  setPreference(name: string, value: unknown): void;
  /** Makes a queued run the running one of a process; false when it is not queued any more: somebody else has it. */
  claim(runId: string, process: ProcessIdentity): boolean;
  /** Takes a queued run out for good; false when it is not queued any more. */
  cancel(runId: string, reason: string): boolean;
  /** Throws a UserError for a name that is empty or has control characters. */
  rename(runId: string, name: string): void;
  tag(runId: string, change: { readonly add?: readonly string[]; readonly remove?: readonly string[] }): void;
  note(runId: string, text: string): void;
  archive(runId: string, archived: boolean): void;
  /** A copy of the whole store beside it, unless the newest is less than a day old or nothing was written since; older ones of these but two go. Others read and write meanwhile. */
  backUpDaily(): Promise<void>;
  /** Looks at the whole file, which takes a while where it is large, and keeps what it found; gives what is wrong, null when it is sound. */
  check(): string | null;
  /** Forgets a run and deletes its folder. Throws a UserError while it is running, paused or queued. */
  remove(runId: string): void;
}
