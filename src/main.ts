/** Where everything is wired: a command or the screen, and what becomes of an error. */
import { explain } from './cli/explain.js';
import { announceUpgrade } from './cli/upgrade.js';
import { processTerminal, type Terminal } from './cli/terminal.js';
import { UserError } from './util/errors.js';

/** Runs one command, or the screen when there is none; `process.exitCode` tells how it went. Never rejects. */
export async function main(args: readonly string[]): Promise<void> {
  // Before a command, or alone: what is drawn in this process and in those it starts.
  if (args[0] === '--ascii') process.env['WORKBENCH_ASCII'] = '1';
  const terminal = processTerminal();
  announceUpgrade(terminal);
  try {
    await run(args, terminal).catch(async (error: unknown) => {
      if (!(error instanceof UserError) || error.name !== 'DamagedStore') throw error;
      await (await import('./cli/mend.js')).mendDamage(error, terminal);
      await run(args, terminal);
    });
  } catch (error) {
    process.exitCode = explain(error, terminal);
  }
}

async function run(args: readonly string[], terminal: Terminal): Promise<void> {
  // Each way loads only what it needs: the screen no argument parser, a command no screen.
  if (args.every((arg) => arg === '--ascii')) await (await import('./cli/screen/screen.js')).openScreen(terminal);
  else await (await import('./cli/program.js')).buildProgram(terminal, async () => (await import('./cli/repl.js')).repl(terminal)).parseAsync(args, { from: 'user' });
}
