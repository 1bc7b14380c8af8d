import type { RecipeConfig } from '../config/module.js';
import type { DatasetConfig, Experiment, LossConfig } from '../config/schema.js';
import type { ReadProgress } from './reading.js';

/** The part of an experiment that decides what the rows are. */
export interface DataSettings {
  readonly dataset: DatasetConfig;
  readonly stage: Experiment['stage'];
  readonly max_length: number;
  readonly overflow: Experiment['overflow'];
  readonly loss: LossConfig;
  readonly recipe: RecipeConfig;
  readonly train: Pick<Experiment['train'], 'seed'>;
}

export interface PrepareOptions {
  readonly cacheFolder: string;
  /** What relative paths are relative to; the working folder if not given. */
  readonly baseFolder?: string;
  /** Where a copy of the experiment's module may be, which goes before the module itself: a run's folder. */
  readonly moduleFolder?: string;
  /** False: only from the cache, and a NotTokenised where it is not in it. */
  readonly tokenise?: boolean;
  /** Text between two places at which tokenising can go on, in UTF-16 units; some seconds of work if not given. */
  readonly partUnits?: number;
  /** Told now and then where rows are tokenised and it takes some time. */
  readonly onProgress?: (progress: ReadProgress) => void;
}
