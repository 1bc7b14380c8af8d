/** How far the files of a data set are read, for whoever waits. */
import { statSync } from 'node:fs';

export interface ReadProgress {
  /** Of the files as they lie on the disk. */
  readonly bytes: number;
  readonly total_bytes: number;
  /** Seconds since the first row was read; and to the end, at the pace until now. */
  readonly elapsed_time: number;
  readonly remaining_time: number;
}

/** News is told no more often than this, and each time at least so much of the whole further on. */
const newsSeconds = 3;
const newsShare = 0.01;

/**
 * To be told how much of which file is read. Tells of it when some seconds have gone by: data that is soon read is no
 * news. Its time begins with the first call. `seconds` is a clock.
 */
export function readMeter(files: readonly string[], onProgress: (progress: ReadProgress) => void, seconds = (): number => performance.now() / 1000): (file: string, bytes: number) => void {
  const before = new Map<string, number>(); // of the files in front of each
  let total = 0;
  for (const file of files) {
    before.set(file, total);
    total += statSync(file).size;
  }
  let first: { readonly time: number; readonly bytes: number } | null = null; // more than 0 bytes where it goes on with what was interrupted
  let told = { time: 0, bytes: 0 };
  return (file, read) => {
    const now = { time: seconds(), bytes: (before.get(file) ?? 0) + read };
    if (first === null) first = told = now;
    if (now.bytes === first.bytes || now.time - told.time < newsSeconds || now.bytes - told.bytes < newsShare * total) return;
    told = now;
    const elapsed = now.time - first.time;
    onProgress({ bytes: now.bytes, total_bytes: total, elapsed_time: elapsed, remaining_time: (elapsed / (now.bytes - first.bytes)) * (total - now.bytes) });
  };
}
