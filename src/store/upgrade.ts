import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { isLarge } from './checked.js';
import { databasePath } from './folders.js';
import { migrations } from './migrations/index.js';

/** The bytes of a large store that an earlier Workbench wrote: its next opening copies it first, and takes a while. Null for any other. To be called before it is opened. */
export function pendingUpgrade(home: string): number | null {
  const path = databasePath(home);
  if (!isLarge(path)) return null;
  const file = openSync(path, 'r');
  try {
    const header = Buffer.alloc(64);
    readSync(file, header);
    const version = header.readUInt32BE(60); // user_version, https://sqlite.org/fileformat.html 1.3
    return version > 0 && version < migrations.length ? statSync(path).size : null;
  } finally {
    closeSync(file);
  }
}
