/** Where everything is wired: a command or the screen, and what becomes of an error. */
import { explain } from './cli/explain.js';
import { buildProgram } from './cli/program.js';
import { processTerminal } from './cli/terminal.js';

/** Runs one command, or the screen when there is none; `process.exitCode` tells how it went. Never rejects. */
export async function main(args: readonly string[]): Promise<void> {
  const terminal = processTerminal();
  try {
    if (args.length === 0) await (await import('./cli/screen.js')).openScreen(terminal);
    else await buildProgram(terminal).parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = explain(error, terminal);
  }
}
