/** What the screen needs from the rest of the house; wired in `main.ts`, so that no screen knows where anything comes from. */
import type { Knob } from '../config/limits.js';
import type { Experiment } from '../config/schema.js';
import type { DatasetEntry } from '../data/look/discover.js';
import type { ModelEntry } from '../models/discover.js';
import type { MachineReading } from '../machine/meter.js';
import type { RunRecord, StoreReader } from '../store/rows.js';
import type { Estimate } from '../trainer/estimate.js';
import type { Control, LiveChange } from '../trainer/events.js';
import type { Records } from './records.js';
import type { Commands } from './command-line/commands.js';
import type { FormServices } from './screens/new-run/services.js';
import type { DoctorServices } from './screens/doctor/services.js';
import type { PlaygroundServices } from './screens/playground/services.js';
import type { QueueServices } from './screens/queue/services.js';

export interface Services {
  readonly reader: StoreReader;
  readonly knobs: readonly Knob[];
  /** What a new run starts from, like an experiment file: the quickstart where it is installed, else empty. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** A complete experiment, or a UserError that says what to change. */
  parse(value: unknown): Experiment;
  /** What an arrow key makes of a knob's value. */
  step(key: string, value: unknown, direction: 1 | -1): unknown;
  /** What is on this machine; asked for after the first frame. */
  models(): Promise<readonly ModelEntry[]>;
  datasets(): Promise<readonly DatasetEntry[]>;
  /** What a person means by a typed path or name. Rejects with a UserError where nothing is there that can be trained, or trained on. */
  modelAt(path: string): Promise<ModelEntry>;
  datasetAt(path: string): Promise<DatasetEntry>;
  /** `rows` of the dataset where they are known. Rejects with a UserError. */
  estimate(experiment: Experiment, hint: { readonly rows?: number }): Promise<Estimate>;
  readonly form: FormServices;
  readonly queue: QueueServices;
  readonly playground: PlaygroundServices;
  readonly doctor: DoctorServices;
  /** Records the run, starts it in a process of its own and gives its id. Rejects with a UserError. */
  startRun(experiment: Experiment): Promise<string>;
  /** Puts a run that has ended in line again, to go on from its newest whole checkpoint. Rejects with a UserError. */
  resume(runId: string): Promise<void>;
  /** Runs that were cut off (a restart of the machine, a kill), newest first, with the step each would go on from: to be offered. */
  interrupted(): readonly { readonly run: RunRecord; readonly from: number }[];
  /** Has all of them go on, before what waits; gives how many do. */
  resumeInterrupted(): Promise<number>;
  /**
   * Looks at once and every second for runs whose process and supervisor died together, and records what became of them; returns what
   * ends it. `failed` hears why it could not, once for the same reason in a row: then it is tried again later.
   */
  watchRuns(failed: (error: unknown) => void): () => void;
  control(runId: string, control: Control): Promise<void>;
  /** Keys of one's own, as written; null where there are none. Throws a UserError where they cannot be read. */
  keyFile(): unknown;
  readonly records: Records;
  /** The commands of the program; loaded when they are first asked for. */
  commands(): Promise<Commands>;
  /** Changes knobs of the group `train` before the next update. Rejects with a UserError. */
  change(runId: string, changes: LiveChange): Promise<void>;
  /** Ends the process of a run at once. Rejects with a UserError where it has none. */
  kill(runId: string): Promise<void>;
  /** The end of what the run has written for people. */
  log(runId: string): RunLog;
  /** How busy this machine is since it was last asked. */
  machine(): Promise<MachineReading>;
}

/** The end of `run.log`, and of `trainer_log.jsonl`; both oldest first, times in milliseconds since 1970. */
export interface RunLog {
  readonly lines: readonly { readonly time: number; readonly text: string }[];
  readonly points: readonly Readonly<Record<string, number | null | Readonly<Record<string, number>>>>[];
}
