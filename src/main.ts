/** Where everything is wired: the command line, the screen, and what an error becomes. */
import { CommanderError } from '@commander-js/extra-typings';
import { buildProgram } from './cli/program.js';
import { exit, processTerminal, type ExitCode, type Terminal } from './cli/terminal.js';
import { UserError } from './util/errors.js';

/** Runs one command; `process.exitCode` tells how it went. Never rejects. */
export async function main(args: readonly string[]): Promise<void> {
  const terminal = processTerminal();
  try {
    if (args.length === 0) await (await import('./cli/screen.js')).openScreen(terminal);
    else await buildProgram(terminal).parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = explain(error, terminal);
  }
}

function explain(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exit.done : exit.user;
  if (error instanceof UserError) {
    terminal.note(`workbench: ${error.message}`);
    return exit.user;
  }
  terminal.note(error instanceof Error ? (error.stack ?? error.message) : String(error));
  terminal.note('workbench: this is a bug; please report it with the lines above');
  return exit.bug;
}
