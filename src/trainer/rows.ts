/** The rows of a run, from the cache or tokenised: in this process where they are few, else in one of their own, whose memory goes back when it ends. */
import { join } from 'node:path';
import type { Experiment } from '../config/schema.js';
import { dataBytes, prepareDataset, type PreparedDataset } from '../data/dataset.js';
import { NotTokenised } from '../data/split.js';
import type { ReadProgress } from '../data/reading.js';
import { loadTokenizer, type Tokenizer } from '../data/tokenizer/index.js';
import { formatBytes } from '../util/format.js';
import type { TrainContext } from './context.js';

export interface RunRows {
  readonly data: PreparedDataset;
  /** The most bytes of memory while another process tokenised them, this one's among them; 0 where none had to. */
  readonly tokenisingBytes: number;
}

/** Of so much the tokeniser keeps less than a process would take for itself. */
export const fewBytes = 1 << 18;

type Place = Pick<TrainContext, 'home' | 'runFolder'>;

/** Throws UserError where there is nothing to train on. */
export async function runRows(experiment: Experiment, tokenizer: Tokenizer, context: TrainContext): Promise<RunRows> {
  const onProgress = (progress: ReadProgress): void => context.emit({ type: 'preparing', ...progress });
  const here = async (tokenise: boolean): Promise<PreparedDataset> => prepareDataset(experiment, tokenizer, { ...placesOf(context), tokenise, onProgress });
  if (context.tokenise === undefined || dataBytes(experiment) < fewBytes) return { data: await here(true), tokenisingBytes: 0 };
  try {
    return { data: await here(false), tokenisingBytes: 0 };
  } catch (error) {
    if (!(error instanceof NotTokenised)) throw error;
  }
  const beside = process.memoryUsage.rss();
  const peak = await context.tokenise(experiment, onProgress);
  context.log(`Tokenised by a process that held up to ${formatBytes(peak)}, beside ${formatBytes(beside)} of this one`);
  return { data: await here(true), tokenisingBytes: beside + peak };
}

/** Puts the rows into the cache. */
export async function tokeniseRows(experiment: Experiment, place: Place, onProgress: (progress: ReadProgress) => void): Promise<void> {
  const tokenizer = await loadTokenizer(experiment.tokenizer ?? experiment.model);
  await prepareDataset(experiment, tokenizer, { ...placesOf(place), onProgress });
}

function placesOf({ home, runFolder }: Place): { readonly cacheFolder: string; readonly moduleFolder: string } {
  return { cacheFolder: join(home, 'cache', 'tokens'), moduleFolder: runFolder };
}
