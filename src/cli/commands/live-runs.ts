/** What is asked of a run while it lives. */
import type { Command } from '@commander-js/extra-typings';
import type { ControlCommand } from '../control.js';
import type { Terminal } from '../terminal.js';
import { example, runHelp } from './options.js';

export function addLiveRuns(program: Command, terminal: Terminal): void {
  program
    .command('attach')
    .description('follow a live run; Ctrl-C leaves it running')
    .argument('<run>', runHelp)
    .option('--json', 'one event a line')
    .option('--bell', 'ring the bell of the terminal when it has ended')
    .addHelpText('after', example('workbench attach quickstart'))
    .action(async (run, options) => (await import('../attach.js')).attach(terminal, run, options));
  for (const [name, description] of Object.entries(controls)) {
    program
      .command(name)
      .description(description)
      .argument('<run>', runHelp)
      .addHelpText('after', example(`workbench ${name} quickstart`))
      .action(async (run) => (await import('../control.js')).control(terminal, run, name as ControlCommand));
  }
  program
    .command('set')
    .description('change a live run: learning_rate, max_steps, logging_steps, eval_steps, save_steps')
    .argument('<run>', runHelp)
    .argument('<key=value...>')
    .addHelpText('after', example('workbench set quickstart learning_rate=1e-4 max_steps=400'))
    .action(async (run, assignments) => (await import('../control.js')).set(terminal, run, assignments));
}

const controls: { readonly [C in ControlCommand]: string } = {
  pause: 'hold a live run between two updates; it keeps its memory',
  continue: 'let a paused run go on',
  evaluate: 'evaluate a live run after this update',
  sample: 'have a live run continue its prompts after this update',
  save: 'write a checkpoint of a live run now',
  stop: 'end a live run after this update, and save it',
  kill: 'end a live run at once, without saving',
};
