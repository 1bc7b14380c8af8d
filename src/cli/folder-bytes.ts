import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Of all files below a folder; 0 where there is none. What goes away meanwhile does not count. */
export async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  let sum = 0;
  for (const entry of entries) if (entry.isFile()) sum += await stat(join(entry.parentPath, entry.name)).then(({ size }) => size, () => 0);
  return sum;
}
