/** Where things lie in a home folder. */
import { join } from 'node:path';

export function databasePath(home: string): string {
  return join(home, 'workbench.db');
}

/** Everything a run writes: experiment.yaml, trainer_log.jsonl, run.log, checkpoints, the result. */
export function runFolder(home: string, runId: string): string {
  return join(home, 'runs', runId);
}
