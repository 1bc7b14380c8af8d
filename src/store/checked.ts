/** When the whole store was last looked at: the time of an empty file beside it. */
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';

const dayMs = 24 * 3600_000;

/** Whether that was within a day and since the machine was started; a time that is still to come, by a clock that was set back, counts for nothing. */
export function isChecked(path: string): boolean {
  const time = statSync(fileOf(path), { throwIfNoEntry: false })?.mtimeMs;
  const now = Date.now();
  return time !== undefined && time > Math.max(now - dayMs, now - 1000 * uptime()) && time <= now + 1000;
}

export function markChecked(path: string): void {
  try {
    writeFileSync(fileOf(path), '');
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
