/** Runs that were cut off, by a restart of the machine or a kill, and what it takes to have them go on. */
import type { RunRecord, StoreReader } from '../store/rows.js';
import type { Store } from '../store/store.js';
import { messageOf } from '../util/errors.js';
import { prepareResume } from './resume.js';

export interface Interrupted {
  readonly run: RunRecord;
  /** The step it would go on from; 0: from the start. */
  readonly from: number;
}

/** The runs to offer, newest first; one that is put into the archive is not offered any more. */
export function interruptedRuns(store: StoreReader): Interrupted[] {
  return store.runs().filter(({ state, archived }) => state === 'crashed' && !archived).map((run) => ({ run, from: run.checkpoints.findLast(({ valid }) => valid)?.step ?? 0 }));
}

export interface Offer extends Interrupted {
  /** Why it cannot go on; null when it is in line. */
  readonly refused: string | null;
}

/** Puts them into the queue before all that waits, in the order in which they were made. The caller has the queue worked on. */
export async function resumeInterrupted(store: Store, home: string): Promise<Offer[]> {
  const offers: Offer[] = [];
  for (const offer of interruptedRuns(store)) offers.unshift({ ...offer, refused: await putFirst(store, home, offer.run) });
  return offers;
}

async function putFirst(store: Store, home: string, run: RunRecord): Promise<string | null> {
  try {
    await prepareResume(store, home, { run, options: { config: run.config, from: null, branch: false } });
    store.enqueueFirst(run.id);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}
