/** What the queue asks of the rest of the house, beyond what every screen may. */
import type { Experiment } from '../../../config/schema.js';

export interface QueueServices {
  /** Puts an experiment in line, or what there is of one already; what was done, in words. `start` has it worked on. Rejects with a UserError. */
  add(experiment: Experiment): Promise<string>;
  /** The same for an experiment file. */
  addFile(path: string): Promise<string>;
  /** Another place, from 1. */
  move(runId: string, place: number): void;
  /** Takes a run out of the line. Throws a UserError where it is in none. */
  remove(runId: string): void;
  /** So many at once, from now on. */
  setParallel(runs: number): Promise<void>;
  /** Has the line worked on; how many wait. */
  start(): Promise<number>;
}
