/** Tokenising in a process of its own: the allocators of the library's threads keep what they have taken, so only its end gives that back. */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { ReadProgress } from '../trainer/events.js';
import { UserError } from '../util/errors.js';
import type { TokeniseMessage, TokeniseRequest } from './protocol.js';

/** Heaps of glibc: one a core is enough for them all, and what is free at the end of one is given back. */
const allocator = { MALLOC_ARENA_MAX: String(availableParallelism()), MALLOC_TRIM_THRESHOLD_: String(1 << 20), MALLOC_MMAP_THRESHOLD_: String(16 << 20) };

const entryPoint = new URL('./tokenise-process.js', import.meta.url);

/** Resolves with the most bytes of memory that the process held. Rejects as tokenising does; a UserError stays one. */
export function tokeniseApart(request: TokeniseRequest, onProgress: (progress: ReadProgress) => void, entry = entryPoint): Promise<number> {
  const child = fork(entry, { execArgv: [...process.execArgv, '--expose-gc'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { ...allocator, ...process.env } });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => reject(endedEarly(code, signal)));
    child.on('message', (message: TokeniseMessage) => {
      if (message.type === 'preparing') onProgress(message.progress);
      else if (message.type === 'tokenised') resolve(message.peak_memory_bytes);
      else reject(message.user ? new UserError(message.reason) : new Error(message.reason));
    });
    child.send(request);
  });
}

/** What it has to say itself it has said in a message before: with an exit code, the fault is ours. */
function endedEarly(code: number | null, signal: NodeJS.Signals | null): Error {
  if (signal === null) return new Error(`the process that tokenises ended with exit code ${code} and without a word: run.log has what it wrote`);
  return new UserError(`The process that tokenises ended with ${signal}: it was killed, by hand or for want of memory. What is done of it is kept: start the run again, with more memory free.`);
}
