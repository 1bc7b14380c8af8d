/** A command in a process of its own: nobody who draws waits for it, it can be ended at any time, and a crash in native code takes it alone. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { UserError } from '../util/errors.js';
import type { CommandMessage, CommandRequest } from './protocol.js';

export interface CommandOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the process. */
  readonly signal: AbortSignal;
  onText(text: string): void;
}

/** Resolves with the exit code of the command. Rejects with a UserError where `signal` or something else has ended it. */
export async function runCommand(entry: URL, request: CommandRequest, { env, signal, onText }: CommandOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(entry)], { env: { ...env }, stdio: ['ignore', 'ignore', 'ignore', 'ipc'], signal });
    let ended: number | null = null;
    child.on('error', (error) => reject(signal.aborted ? new UserError('Cancelled.') : error));
    child.on('message', (message: CommandMessage) => {
      if (message.type === 'said') onText(message.text);
      else ended = message.code;
    });
    // After `exit` there may be messages left; `close` comes behind them.
    child.on('close', (code, killed) => {
      if (ended === null) reject(new UserError(`The command ended with ${killed ?? `code ${code ?? '?'}`} before it was done.`));
      else resolve(ended);
    });
    child.send(request);
  });
}
