/** What the screen of the queue needs, on the store of a home. */
import { readExperiment } from '../../config/file.js';
import type { Experiment } from '../../config/schema.js';
import { isWorkLeft, workQueue } from '../../runner/client.js';
import type { Store } from '../../store/store.js';
import type { QueueServices } from '../../ui/screens/queue/services.js';
import { UserError } from '../../util/errors.js';
import { enqueue, takeOut } from '../queue.js';

export interface QueueWorld {
  /** The experiment with its model found on this machine. */
  located(experiment: Experiment): Promise<Experiment>;
  expanded(path: string): string;
}

export function queueServices(store: Store, home: string, { located, expanded }: QueueWorld): QueueServices {
  const work = async (): Promise<void> => {
    if (isWorkLeft(store)) await workQueue(home);
  };
  const add = async (experiment: Experiment): Promise<string> => enqueue(store, home, await located(experiment));
  return {
    add,
    addFile: async (path) => {
      if (path === '') throw new UserError('Type the path of an experiment file, or press Esc.');
      return add(readExperiment(expanded(path)).experiment);
    },
    move: (runId, place) => store.moveInQueue(runId, place),
    remove: (runId) => takeOut(store, runId),
    setParallel: async (runs) => {
      store.setParallel(runs);
      await work();
    },
    start: async () => {
      const waiting = store.queue().length;
      await work();
      return waiting;
    },
  };
}
