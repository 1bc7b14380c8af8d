/** Copying a database file while this process holds a lock on it. */
import { copyFileSync, existsSync, openSync, readSync, closeSync, writeSync } from 'node:fs';
import Database from 'better-sqlite3';

const chunkBytes = 8 << 20;

/** Copies file and log as they lie on the disk and joins them; the caller holds the lock without which nobody writes. */
export function copyFiles(path: string, copy: string): void {
  copyHeld(path, copy);
  if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${copy}-wal`);
  const whole = new Database(copy);
  whole.pragma('journal_mode = DELETE'); // takes the log into the file
  whole.close();
}

/**
 * The descriptor it reads by stays open until the process ends: with the closing of any descriptor of a file POSIX takes all the locks
 * that the process has on it, those of SQLite too (https://sqlite.org/howtocorrupt.html, 2.2).
 */
function copyHeld(path: string, copy: string): void {
  const from = openSync(path, 'r');
  const to = openSync(copy, 'w', 0o600);
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    for (let read = readSync(from, chunk); read > 0; read = readSync(from, chunk)) {
      for (let written = 0; written < read; ) written += writeSync(to, chunk, written, read - written);
    }
  } finally {
    closeSync(to);
  }
}
