/** Starting processes that outlive whoever starts them: a session of their own, and no terminal. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runFolder } from '../store/folders.js';

/** What the processes run; tests put entries of their own here. */
export interface Entries {
  readonly supervisor: URL;
  readonly run: URL;
}

export const entries: Entries = {
  supervisor: new URL('./supervisor-process.js', import.meta.url),
  run: new URL('./run-process.js', import.meta.url),
};

export const upkeepEntry = new URL('./upkeep-process.js', import.meta.url);

/**
 * From this size on, glibc takes memory from the system for each block, and gives it back when that is freed. Left alone it
 * raises the limit with every larger block that is freed, and the heaps of all threads keep what evaluations and samples have
 * taken: a small model with both peaked at 603 MB, with this at 534, for 2 % more of the processor's time (one run each).
 */
const allocator = { MALLOC_MMAP_THRESHOLD_: String(16 << 20) };

/** What native libraries print goes to the log; with `ipc` the child can send events. */
export function spawnRun(home: string, { runId, entry, ipc }: { runId: string; entry: URL; ipc: boolean }): ChildProcess {
  const folder = runFolder(home, runId);
  mkdirSync(folder, { recursive: true });
  return spawnDetached({ entry, args: [home, runId], home, logFile: join(folder, 'run.log'), ipc, environment: allocator });
}

export function spawnSupervisor(home: string, entry: URL): ChildProcess {
  return spawnDetached({ entry, args: [home], home, logFile: join(home, 'supervisor.log'), ipc: true });
}

export function spawnUpkeep(home: string, entry = upkeepEntry): void {
  spawnDetached({ entry, args: [home], home, logFile: join(home, 'supervisor.log'), ipc: false }).unref();
}

/** Begins what a process says in a log that several share. */
export const startLine = '--- a process starts';

interface Detached {
  readonly entry: URL;
  readonly args: string[];
  readonly home: string;
  readonly logFile: string;
  readonly ipc: boolean;
  readonly environment?: NodeJS.ProcessEnv;
}

function spawnDetached({ entry, args, home, logFile, ipc, environment = {} }: Detached): ChildProcess {
  const log = openSync(logFile, 'a');
  try {
    writeSync(log, `${startLine} (${new Date().toISOString()})\n`);
    return spawn(process.execPath, [fileURLToPath(entry), ...args], { detached: true, cwd: home, stdio: ['ignore', log, log, ipc ? 'ipc' : 'ignore'], env: { ...environment, ...process.env } });
  } finally {
    closeSync(log);
  }
}
