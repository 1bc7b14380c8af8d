/** Asks before something that cannot be taken back. */
import { createInterface } from 'node:readline/promises';
import { UserError } from '../util/errors.js';

/**
 * Whether the person at the terminal says yes; anything else, Ctrl-C and the end of the input mean no. `matter` completes "to be asked …".
 * Throws a UserError where nobody is there.
 */
export async function confirmed(question: string, matter: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) throw new UserError(`nobody is there to be asked ${matter}: add --yes`);
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<string>((resolve) => void prompt.once('close', () => resolve('')));
  try {
    return /^y(es)?$/i.test((await Promise.race([prompt.question(`${question} [y/N] `), closed])).trim());
  } finally {
    prompt.close();
  }
}
