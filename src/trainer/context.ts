/** What the world gives a run: where it lives, what it may ask, whom it tells. */
import type { EngineConfig, Experiment } from '../config/schema.js';
import type { ReadProgress } from '../data/reading.js';
import type { Device, Engine } from '../engine/contract.js';
import type { LiveChange, Measurement, Request, TrainEvent } from './events.js';

export interface ChosenEngine {
  readonly engine: Engine;
  readonly device: Device;
  readonly reason: string;
}

export interface TrainContext {
  readonly runFolder: string;
  readonly home: string;
  /** Checkpoint folders to go on from: the first that is whole. None: a fresh start. */
  readonly resumeFrom: readonly string[];
  /** What finished runs on this machine took, oldest first; none where nobody keeps it. */
  readonly measurements?: readonly Measurement[];
  emit(event: TrainEvent): void;
  log(line: string): void;
  /** Takes what has been asked since the last call. */
  takeControls(): readonly Request[];
  /** Takes the changes that have been asked for since the last call, oldest first. */
  takeChanges(): readonly LiveChange[];
  /** From here on no change is taken any more; false when there is one that was not taken yet. */
  closeChanges(): boolean;
  chooseEngine(config: EngineConfig): Promise<ChosenEngine>;
  /** Puts the rows into the cache of `home` by a process of its own, and resolves with the most bytes of memory that it held. Absent: it is done here. */
  tokenise?(experiment: Experiment, onProgress: (progress: ReadProgress) => void): Promise<number>;
}
