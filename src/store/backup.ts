/** Copies of the store that nobody asks for, one a day. */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { timeStamp } from './checked.js';
import type { Connection } from './connection.js';

const hourMs = 3600_000;
/** Older ones than these are removed when there is a new one. */
const keptBefore = 2;

/** Makes a copy beside the store, unless the newest is less than a day old or nothing was written since. */
export async function backUpDaily(connection: Connection, home: string): Promise<void> {
  dropHalfCopies(home);
  const old = readdirSync(home).filter((name) => /\.daily-.*\.backup$/.test(name)).sort();
  const newest = old.at(-1);
  const copied = newest === undefined ? -Infinity : statSync(join(home, newest)).mtimeMs;
  if (Math.abs(Date.now() - copied) < 24 * hourMs || writtenAt(connection.path) < copied) return;
  await connection.backUp(`daily-${timeStamp()}`);
  for (const name of old.slice(0, -keptBefore)) rmSync(join(home, name), { force: true });
}

/** What a copy that was killed has left; a younger one may still be written. */
function dropHalfCopies(home: string): void {
  for (const name of readdirSync(home).filter((each) => /\.backup\.tmp(-\w+)?$/.test(each))) {
    const time = statSync(join(home, name), { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (Date.now() - time > hourMs) rmSync(join(home, name), { force: true });
  }
}

/** When the file or its log was last written. */
function writtenAt(path: string): number {
  return Math.max(...['', '-wal'].map((part) => statSync(path + part, { throwIfNoEntry: false })?.mtimeMs ?? 0));
}
