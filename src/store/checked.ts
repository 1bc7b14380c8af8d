/** What the last look at the whole store found: a file beside it, empty where it was sound, else with what is wrong. */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';

const dayMs = 24 * 3600_000;

/** SQLite's check reads some 40 MB a second on a busy machine: of a store up to here nobody waits for it; a larger one is looked at in a process aside. */
const promptBytes = 16 << 20;

/** What the store is found to suffer from, until it is made anew; null where nothing is known. */
export function knownDamage(path: string): string | null {
  try {
    return readFileSync(fileOf(path), 'utf8') || null;
  } catch {
    return null;
  }
}

/** When it was last looked at; null where that was not within a day and since the machine was started. A time that is still to come, by a clock that was set back, counts for nothing. */
export function checkedAt(path: string): Date | null {
  const time = statSync(fileOf(path), { throwIfNoEntry: false })?.mtimeMs;
  const now = Date.now();
  return time !== undefined && time > Math.max(now - dayMs, now - 1000 * uptime()) && time <= now + 1000 ? new Date(time) : null;
}

export function isLarge(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > promptBytes;
}

export function markChecked(path: string, problem = ''): void {
  try {
    writeFileSync(fileOf(path), problem);
  } catch {
    // It is looked at again next time.
  }
}

export function forgetChecked(path: string): void {
  rmSync(fileOf(path), { force: true });
}

/** For the name of a file. */
export function timeStamp(): string {
  return new Date().toISOString().replaceAll(/[:.]/g, '');
}

function fileOf(path: string): string {
  return `${path}.checked`;
}
