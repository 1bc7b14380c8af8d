import { CommanderError } from '@commander-js/extra-typings';
import { UserError } from '../util/errors.js';
import { exit, type ExitCode, type Terminal } from './terminal.js';

/** Says on stderr what was thrown: one sentence where the user can act, all there is where we have a bug. */
export function explain(error: unknown, terminal: Terminal): ExitCode {
  // Commander has said it already: help and version are thrown too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exit.done : exit.user;
  if (error instanceof UserError) {
    terminal.note(`workbench: ${error.message}`);
    return exit.user;
  }
  terminal.note(error instanceof Error ? (error.stack ?? error.message) : String(error));
  terminal.note('workbench: this is a bug; please report it with the lines above');
  return exit.bug;
}
