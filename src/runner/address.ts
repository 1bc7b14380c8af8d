/** Where the sockets of a home lie. A socket's path holds some 104 bytes, a home may be longer. */
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../util/errors.js';

/** The size of `sun_path` on macOS, the smaller one, less the final zero. */
const longestPath = 103;
const longestName = 'supervisor.sock'.length;

export function supervisorSocket(home: string): string {
  return join(socketFolder(home), 'supervisor.sock');
}

export function runSocket(home: string, runId: string): string {
  return join(socketFolder(home), `${runId}.sock`);
}

/** `sockets` in the home, or where that is too long a folder of this user's, named by a hash of the home; made when there is none. */
function socketFolder(home: string): string {
  const inside = join(home, 'sockets');
  const folder = Buffer.byteLength(inside) + 1 + longestName <= longestPath ? inside : join(temporaryFolder(), createHash('sha256').update(home).digest('hex').slice(0, 16));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** In a folder that all users share, another may have been there first. */
function temporaryFolder(): string {
  const { uid } = userInfo();
  const folder = join(process.env.XDG_RUNTIME_DIR || tmpdir(), `workbench-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new UserError(`${folder} is not a folder of yours alone (mode 0700): remove it, or set XDG_RUNTIME_DIR or a shorter WORKBENCH_HOME`);
  }
  return folder;
}
