/** What is on this machine. */
import type { Command } from '@commander-js/extra-typings';
import type { Terminal } from '../terminal.js';
import { example } from './options.js';

export function addMachine(program: Command, terminal: Terminal): void {
  program.commandsGroup('This machine:');
  program
    .command('models')
    .description('the models in the folders given, in WORKBENCH_MODELS, in the Hugging Face cache, and here')
    .argument('[folder...]', 'where else to look')
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench models ~/models'))
    .action(async (folders, options) => (await import('../models.js')).models(terminal, folders, options));
  program
    .command('datasets')
    .description('the datasets in the folders given, else in this one')
    .argument('[folder...]', 'where to look')
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench datasets ~/data'))
    .action(async (folders, options) => (await import('../datasets.js')).datasets(terminal, folders, options));
  program
    .command('doctor')
    .description('engines, devices, terminal, store: what works, what does not, what to do')
    .option('--clear-cache', 'remove tokenised rows first; what needs them tokenises them again')
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench doctor'))
    .action(async (options) => (await import('../doctor.js')).doctor(terminal, options));
}
