/** Everything a run tells the world, one union. Plain data: it crosses threads, goes to SQLite and to `--json`. */

import type { liveKnobs } from '../config/same-run.js';
import type { TrainConfig } from '../config/schema.js';
import type { SetShare } from '../data/dataset.js';
import type { ReadProgress } from '../data/reading.js';
import type { TextScores } from '../metrics/texts.js';
import type { Score } from './best.js';

export type { ReadProgress };

export interface Progress {
  /** Updates done, and to be done. */
  readonly step: number;
  readonly total_steps: number;
  readonly epoch: number;
}

export interface StartedEvent extends Progress {
  readonly type: 'started';
  readonly trainable_parameters: number;
  readonly total_parameters: number;
  readonly estimated_memory_bytes: number;
  readonly train_rows: number;
  readonly eval_rows: number;
  /** What computes: "onnx 1.30.0 on cpu, 2 threads", and why it was chosen. */
  readonly engine: string;
  /** Rows of each set, and what its filter left out. */
  readonly sets?: readonly SetShare[];
}

/** Before the start, where rows have to be tokenised and it takes some time: how far their files are read. */
export interface PreparingEvent extends ReadProgress {
  readonly type: 'preparing';
}

/** A logged point. `loss` is the mean over the label tokens of the updates since the last point. */
export interface StepEvent extends Progress {
  readonly type: 'step';
  readonly loss: number;
  readonly learning_rate: number;
  readonly grad_norm: number;
  readonly tokens_seen: number;
  readonly tokens_per_second: number;
  /** Seconds of training, resumed parts included; and predicted to the end. */
  readonly elapsed_time: number;
  readonly remaining_time: number;
  readonly memory_bytes: number;
}

export interface EvalEvent extends Progress {
  readonly type: 'eval';
  readonly eval_loss: number;
  readonly perplexity: number;
  /** Share of label tokens predicted exactly, for classification; else null. */
  readonly accuracy: number | null;
  /** Of the sets of a mixture, by name; left out where there is only one. */
  readonly set_losses?: Readonly<Record<string, number>>;
  /** Of its answers to these rows (`predict_with_generate`); left out where there are none. */
  readonly scores?: TextScores;
  /** Null where the event is read back from the store, which does not keep it. */
  readonly eval_seconds: number | null;
}

export interface SampleEvent extends Progress {
  readonly type: 'sample';
  readonly prompt: string;
  readonly text: string;
  /** The text answers the prompt, and does not go on where it ends. */
  readonly apart?: boolean;
}

export interface CheckpointEvent extends Progress {
  readonly type: 'checkpoint';
  readonly path: string;
  readonly bytes: number;
}

/** Something the user should know that does not stop the run (rows left out, a save that failed). */
export interface WarningEvent {
  readonly type: 'warning';
  readonly message: string;
  /** Where the sentence is of an update that was left out. */
  readonly refusal?: Refusal;
}

/** An update that was not made, and the rows that were in it: the ones to look at first come first. */
export interface Refusal {
  /** Which update it would have been, from 1. */
  readonly update: number;
  /** The loss that was allowed, where it was a spike; null for one that is not a number. */
  readonly limit: number | null;
  /** Null in JSON where it is not a number. */
  readonly loss: number | null;
  /** Null where it was not computed. */
  readonly grad_norm: number | null;
  readonly rows: readonly RefusedRow[];
}

/** A row for training, counted from 1 as `workbench data` does, and the lines its text stood on. */
export interface RefusedRow {
  readonly row: number;
  readonly file: string;
  readonly line: number;
  readonly last_line: number;
  /** Both count rows where the file has no line for each. */
  readonly counted?: true | undefined;
}

export interface PausedEvent extends Progress {
  readonly type: 'paused';
}

export interface ResumedEvent extends Progress {
  readonly type: 'resumed';
  /** The folder it goes on from; null after a pause, which has lost nothing. */
  readonly checkpoint: string | null;
}

/** Knobs of the group `train` that were changed while it ran, by hand or because the run had to. They hold for a resume too. */
export interface ChangedEvent extends Progress {
  readonly type: 'changed';
  readonly changes: Partial<TrainConfig>;
}

/** The end; exactly one of these three closes a run that could speak. */
export interface CompletedEvent extends Progress {
  readonly type: 'completed';
  readonly output: string;
  /** Where it ended before its last update. */
  readonly reason?: string;
  /** The evaluation whose weights the output has, where they are not the last ones. */
  readonly best?: Score;
  readonly peak_memory_bytes: number;
  /** Null where it teaches nothing: too few updates, or memory ran out on the way. */
  readonly measurement?: Measurement | null;
}

/** What a run took beside what was estimated for it; see `calibration.ts`. */
export interface Measurement {
  readonly engine: string;
  readonly device: string;
  /** The engine was chosen, not named. */
  readonly automatic: boolean;
  /** Runs of one shape are alike. */
  readonly shape: string;
  /** Measured peak over estimate; null where the peak cannot be measured. */
  readonly memory_ratio: number | null;
  /** Of an update, by the work that was estimated for one. */
  readonly seconds_per_flop: number;
}

export interface StoppedEvent extends Progress {
  readonly type: 'stopped';
  readonly reason: string;
  /** Null where it could not be written: the checkpoint has what was learned. */
  readonly output: string | null;
  /** As in `completed`. */
  readonly best?: Score;
}

export interface FailedEvent {
  readonly type: 'failed';
  readonly reason: string;
  /** True where the user can act; false: our bug, with the stack in run.log. */
  readonly user: boolean;
  /** Where an update that could not be made has ended it. */
  readonly refusal?: Refusal;
  /** Whether memory ran out: a fresh process may go on with smaller micro-batches. */
  readonly out_of_memory?: boolean;
}

export type TrainEvent =
  | PreparingEvent
  | StartedEvent
  | StepEvent
  | EvalEvent
  | SampleEvent
  | CheckpointEvent
  | WarningEvent
  | PausedEvent
  | ResumedEvent
  | ChangedEvent
  | CompletedEvent
  | StoppedEvent
  | FailedEvent;

/** What may be changed on a live run; honoured before the next update. */
export type LiveChange = Partial<Pick<TrainConfig, (typeof liveKnobs)[number]>>;

/** What a person asks of a live run; honoured between micro-steps. */
export type Control = 'stop' | 'pause' | 'continue' | 'save' | 'evaluate' | 'sample';

/** What the world asks of it: `terminate` is a stop that no person asked for. */
export type Request = Control | 'terminate';

/** Why a run that is not complete has ended without an error. */
export const stopReasons = { user: 'stopped by the user', outside: 'stopped from outside (SIGTERM)', planned: 'it has reached train.stop_at' } as const;

/** Pause and continue undo each other: the later one counts. */
export const opposite: Partial<Record<Request, Control>> = { pause: 'continue', continue: 'pause' };
