import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Fills a file under a temporary name beside `path`, syncs it to the disk and renames it: at any crash there is
 * the old file or the new one, whole. What `fill` throws is thrown, and nothing is left behind.
 */
export async function writeAtomically(path: string, fill: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, 'w');
    try {
      await fill((bytes) => file.writeFile(bytes));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes the rename itself last. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
