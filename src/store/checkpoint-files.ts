import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const listSchema = z.object({ files: z.record(z.string(), z.object({ bytes: z.int() })) });

/** Whether a checkpoint has every file that its `trainer_state.json` lists, in the size it had. The sums are checked when it is used. */
export function looksWhole(folder: string): boolean {
  try {
    const { files } = listSchema.parse(JSON.parse(readFileSync(join(folder, 'trainer_state.json'), 'utf8')));
    return Object.entries(files).every(([file, { bytes }]) => statSync(join(folder, file)).size === bytes);
  } catch {
    return false;
  }
}
