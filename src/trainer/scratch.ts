import { join } from 'node:path';

/** Where the engine of a run keeps its files (mapped weights, as large as the model) while the run lives. */
export function scratchFolder(runFolder: string): string {
  return join(runFolder, 'engine');
}
