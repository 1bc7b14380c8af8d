/** Runs that wait for their turn. */
import { Option, type Command } from '@commander-js/extra-typings';
import type { Terminal } from '../terminal.js';
import { example, runHelp, setOption, wholeNumber } from './options.js';

export function addQueue(program: Command, terminal: Terminal): void {
  const queue = program
    .command('queue')
    .description('runs that wait for their turn, and start by themselves')
    .helpCommand(false)
    .addHelpText('after', example('workbench queue add experiments/quickstart.yaml'));
  const parallel = () => new Option('--parallel <n>', 'so many at once, from now on').argParser(wholeNumber(1));
  const command = (name: string, description: string) => queue.command(name).description(description);
  command('add', 'put experiments and searches in line; complete ones are skipped, partial ones resumed')
    .argument('<experiment...>', 'YAML or JSON files, or modules; search files')
    .addOption(setOption())
    .addOption(parallel())
    .addHelpText('after', example('workbench queue add experiments/*.yaml'))
    .action(async (files, options) => (await import('../queue.js')).add(terminal, files, options));
  command('list', 'what runs and what waits, the next one first')
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench queue list'))
    .action(async (options) => (await import('../queue.js')).list(terminal, options));
  command('move', 'give a run another place')
    .argument('<run>', runHelp)
    .argument('<place>', '1: the next', wholeNumber(1))
    .addHelpText('after', example('workbench queue move quickstart 1'))
    .action(async (run, place) => (await import('../queue.js')).move(terminal, run, place));
  command('remove', 'take runs out of the line')
    .argument('<run...>', runHelp)
    .addHelpText('after', example('workbench queue remove quickstart'))
    .action(async (runs) => (await import('../queue.js')).remove(terminal, runs));
  command('start', 'go on with what waits, after a restart of the machine')
    .addOption(parallel())
    .addHelpText('after', example('workbench queue start --parallel 2'))
    .action(async (options) => (await import('../queue.js')).start(terminal, options));
}
