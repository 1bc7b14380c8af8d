/** A store that is damaged is kept aside and made anew: from the newest backup that is whole, and what the folders of runs tell. */
import { copyFileSync, existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { forgetChecked, timeStamp } from '../store/checked.js';
import { databasePath, runFolder } from '../store/folders.js';
import { takeLock } from '../store/lock.js';
import { DamagedStore, openStore, type Store } from '../store/store.js';
import { messageOf, UserError } from '../util/errors.js';
import { identityFile, recordFolder } from './adopt.js';
import { runSocket } from './address.js';
import { ask } from './socket.js';

/**
 * Makes a usable store of a damaged one. Returns what was done, in a sentence. Throws a UserError while a supervisor or a
 * run is at work, which would go on writing to the old file.
 */
export async function mendStore(home: string): Promise<string> {
  const lock = takeLock(join(home, 'supervisor.lock'));
  if (lock === null) throw new UserError(`the store of ${home} is damaged, and a supervisor or another command is at work on it: try again in a minute`);
  try {
    forgetChecked(databasePath(home)); // it may have been put right by hand
    if (isUsable(home)) return 'the store was damaged; another command has made it anew';
    const live = await answering(home);
    if (live.length > 0) throw new UserError(`the store of ${home} is damaged, and ${live.join(', ')} still runs and writes to it: try again when it has ended`);
    const kept = setAside(databasePath(home));
    const backup = restoreBackup(home);
    const store = openStore(home);
    try {
      const { recorded, left } = await recordFolders(store, home);
      const from = backup === null ? `there was no backup, so queue, tags and notes are gone; ${recorded} runs were made anew from their folders` : `the backup ${backup} took its place, and ${recorded} runs were brought up to date from their folders`;
      return `the store was damaged and is kept as ${kept}: ${from}${left.length === 0 ? '' : `; ${left.length} folders do not say enough (${left[0]})`}`;
    } finally {
      store.close();
    }
  } finally {
    lock.release();
  }
}

/** The whole file is looked at, however large. */
function isUsable(home: string): boolean {
  try {
    const store = openStore(home);
    try {
      return store.check() === null;
    } finally {
      store.close();
    }
  } catch (error) {
    if (error instanceof DamagedStore) return false;
    throw error;
  }
}

/** Ids of the runs that answer at their sockets. */
async function answering(home: string): Promise<string[]> {
  const ids = existsSync(join(home, 'runs')) ? readdirSync(join(home, 'runs')) : [];
  const found = await Promise.all(ids.map((id) => (existsSync(runSocket(home, id)) ? ask(runSocket(home, id), {}).then(() => [id], () => []) : [])));
  return found.flat();
}

function setAside(path: string): string {
  const kept = `${path}.damaged-${timeStamp()}`;
  for (const part of ['', '-wal', '-shm']) if (existsSync(path + part)) renameSync(path + part, kept + part);
  forgetChecked(path);
  return kept;
}

/** The name of the backup that is the store now; null when none is whole. */
function restoreBackup(home: string): string | null {
  const path = databasePath(home);
  const names = readdirSync(home).filter((name) => name.startsWith('workbench.db.') && name.endsWith('.backup'));
  const newestFirst = names.map((name) => ({ name, time: statSync(join(home, name)).mtimeMs })).sort((a, b) => b.time - a.time);
  for (const { name } of newestFirst) {
    copyFileSync(join(home, name), path);
    if (isUsable(home)) return name;
    for (const part of ['', '-wal', '-shm']) rmSync(path + part, { force: true });
    forgetChecked(path);
  }
  return null;
}

/** The runs whose folders tell more than the store knows. */
async function recordFolders(store: Store, home: string): Promise<{ recorded: number; left: string[] }> {
  const left: string[] = [];
  let recorded = 0;
  const folders = existsSync(join(home, 'runs')) ? readdirSync(join(home, 'runs')) : [];
  for (const folder of folders.filter((name) => existsSync(join(runFolder(home, name), identityFile)))) {
    try {
      await recordFolder(store, runFolder(home, folder), 'the store was damaged: this is what its folder tells');
      recorded++;
    } catch (error) {
      left.push(`${folder}: ${messageOf(error)}`);
    }
  }
  return { recorded, left };
}
