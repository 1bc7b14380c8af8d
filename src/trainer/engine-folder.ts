import { join } from 'node:path';

/** Where the engine of a run keeps its files (compiled functions; weights on their way to a device) while the run lives. */
export function engineFolder(runFolder: string): string {
  return join(runFolder, 'engine');
}
