/** Writing so that a crash leaves the old or the new, never a part. */
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Fills a file under a temporary name beside `path`, syncs it to the disk and renames it: at any crash there is
 * the old file or the new one, whole. What `fill` throws is thrown, and nothing is left behind. Without `synced`
 * that holds for a crash of the process, not of the machine.
 */
export async function writeAtomically(path: string, fill: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>, { synced = true } = {}): Promise<void> {
  const temporary = `${path}.${process.pid}-${randomUUID().slice(0, 8)}.tmp`; // two threads may write one file at a time
  try {
    const file = await open(temporary, 'w');
    try {
      await fill((bytes) => file.writeFile(bytes));
      if (synced) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  if (synced) await sync(dirname(path)); // the rename itself
}

/** The same for a text that is at hand, where nobody can wait. */
export function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(temporary, 'w');
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Has the disk keep what a file holds, or which names a folder does. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
