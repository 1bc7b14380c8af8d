/** Entry of the process of a command that the screen does not wait for; it ends with whoever started it. */
import type { CommandMessage, CommandRequest } from '../runner/protocol.js';
import { explainIn, paneTerminal } from './repl/pane-terminal.js';
import { buildProgram } from './program.js';
import { exit } from './terminal.js';

const tell = (message: CommandMessage): void => void process.send?.(message);

process.on('disconnect', () => process.exit());
process.once('message', ({ words, width }: CommandRequest) => {
  const terminal = paneTerminal({ width, write: (text) => tell({ type: 'said', text }) }, process.env);
  buildProgram(terminal)
    .parseAsync([...words], { from: 'user' })
    .then(() => Number(process.exitCode ?? exit.done), (error: unknown) => explainIn(terminal, error))
    .then((code) => {
      tell({ type: 'ended', code });
      process.disconnect();
    });
});
