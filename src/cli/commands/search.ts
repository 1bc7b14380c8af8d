/** Many runs of one experiment, to find its best values. */
import type { Command } from '@commander-js/extra-typings';
import type { Terminal } from '../terminal.js';
import { example, setOption, wholeNumber } from './options.js';

export function addSearch(program: Command, terminal: Terminal): void {
  const search = program
    .command('search')
    .description('try values for an experiment, and stop the losers early; a search file says which')
    .helpCommand(false)
    .argument('<file>', 'YAML or JSON: the experiment, what to try, when losers are stopped')
    .addOption(setOption())
    .option('--name <name>', 'of the search; else `name` in the file, else that of the file')
    .option('--parallel <n>', 'so many runs at once, from now on', wholeNumber(1))
    .option('--detach', 'start it and return; it needs no terminal from then on')
    .option('--json', 'for machines: the search when it has begun (--detach) or ended')
    .addHelpText('after', example('workbench search experiments/search.yaml'))
    .action(async (file, options) => (await import('../search.js')).search(terminal, file, options));
  // An option that `search` has too is taken by that.
  const command = (name: string, description: string) => search.command(name).description(description);
  command('list', 'every search, newest first')
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench search list'))
    .action(async (_, command) => (await import('../searches.js')).list(terminal, command.optsWithGlobals()));
  command('show', 'the trials, best first, and the command that trains the best by itself')
    .argument('<search>', 'name')
    .option('--follow', 'until it is over; Ctrl-C leaves it running')
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench search show search --follow'))
    .action(async (name, _, command) => (await import('../searches.js')).show(terminal, name, command.optsWithGlobals()));
  command('stop', 'stop its trials, and save them')
    .argument('<search>', 'name')
    .addHelpText('after', example('workbench search stop search'))
    .action(async (name) => (await import('../searches.js')).stop(terminal, name));
  command('resume', 'go on with one that was stopped')
    .argument('<search>', 'name')
    .addHelpText('after', example('workbench search resume search'))
    .action(async (name) => (await import('../searches.js')).resume(terminal, name));
  command('rm', 'forget a search; its runs stay')
    .argument('<search>', 'name')
    .addHelpText('after', example('workbench search rm search'))
    .action(async (name) => (await import('../searches.js')).remove(terminal, name));
}
