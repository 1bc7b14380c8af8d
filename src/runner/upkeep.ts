/** What a store too large to be waited for needs once a day: a look at the whole of it, and a copy. */
import { join } from 'node:path';
import { checkedAt, isLarge, knownDamage } from '../store/checked.js';
import { databasePath } from '../store/folders.js';
import { takeLock } from '../store/lock.js';
import { openStore } from '../store/store.js';
import { spawnUpkeep, upkeepEntry } from './spawn.js';

/** Has a large store looked at by a process aside, unless that was done within a day; what it finds is told by the next command. */
export function startUpkeep(home: string, entry = upkeepEntry): void {
  const path = databasePath(home);
  if (isLarge(path) && knownDamage(path) === null && checkedAt(path) === null) spawnUpkeep(home, entry);
}

/** Looks and copies, by one process a home; gives what was done, in words. Runs go on meanwhile. */
export async function keepUp(home: string): Promise<string> {
  const lock = takeLock(join(home, 'upkeep.lock'));
  if (lock === null) return 'another process looks after the store';
  try {
    const store = openStore(home);
    try {
      const problem = checkedAt(databasePath(home)) === null ? store.check() : null;
      if (problem !== null) return `the store is damaged, which the next command mends: ${problem}`;
      await store.backUpDaily();
      return 'the store is sound';
    } finally {
      store.close();
    }
  } finally {
    lock.release();
  }
}
