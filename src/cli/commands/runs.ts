/** What there is of every run, and what is kept with it. */
import type { Command } from '@commander-js/extra-typings';
import type { Terminal } from '../terminal.js';
import { example, runHelp } from './options.js';

export function addRuns(program: Command, terminal: Terminal): void {
  program.commandsGroup('Runs:');
  program
    .command('runs')
    .description('every run, newest first')
    .option('--filter <query>', 'words, tag:x, state:x, lora.r>=16, eval_loss<2; a minus before one excludes')
    .option('--archived', 'those that were archived too')
    .option('--sort <key>', 'by a column or a configuration key; a minus before it: descending')
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench runs --filter "state:completed lora.r>=16" --sort eval_loss'))
    .action(async (options) => (await import('../runs.js')).runs(terminal, options));
  program
    .command('show')
    .description('one run: state, results, what differs from the defaults, the loss as a chart')
    .argument('<run>', runHelp)
    .option('--metrics', 'every metric point')
    .option('--csv', 'the metric points alone, a line a step, as comma-separated values')
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench show quickstart --metrics --json'))
    .action(async (run, options) => (await import('../show.js')).show(terminal, run, options));
  program
    .command('sql')
    .description('ask the store in SQL; without a query, what can be asked for')
    .argument('[query]', 'one SELECT; it cannot change anything')
    .option('--csv', 'comma-separated values')
    .option('--json', 'for machines: an object a row')
    .addHelpText('after', example('workbench sql "select name, eval_loss from runs where state = \'completed\' order by eval_loss limit 5"'))
    .action(async (query, options) => (await import('../sql.js')).sql(terminal, query, options));
  program
    .command('compare')
    .description('runs side by side: what was set differently, where they ended, their losses in one chart')
    .argument('<run>', runHelp)
    .argument('<more...>', 'the runs to compare it with')
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench compare r8 r16 r64'))
    .action(async (run, more, options) => (await import('../compare.js')).compare(terminal, [run, ...more], options));
  program
    .command('plot')
    .description('the losses of runs as a picture (SVG)')
    .argument('<run...>', runHelp)
    .requiredOption('--out <file>', 'where to write it')
    .addHelpText('after', example('workbench plot r8 r16 --out losses.svg'))
    .action(async (runs, options) => (await import('../plot.js')).plot(terminal, runs, options));
  program
    .command('rm')
    .description('delete runs with their files; asks')
    .argument('<run...>', runHelp)
    .option('--yes', 'do not ask')
    .addHelpText('after', example('workbench rm failed-try'))
    .action(async (runs, options) => (await import('../edit.js')).remove(terminal, runs, options));
  program
    .command('tag')
    .description('add tags to a run; a minus before one (after --) takes it away')
    .argument('<run>', runHelp)
    .argument('<tag...>', 'words')
    .addHelpText('after', example('workbench tag quickstart baseline'))
    .action(async (run, tags) => (await import('../edit.js')).tag(terminal, run, tags));
  program
    .command('rename')
    .description('give a run another name')
    .argument('<run>', runHelp)
    .argument('<name>')
    .addHelpText('after', example('workbench rename quickstart first-try'))
    .action(async (run, name) => (await import('../edit.js')).rename(terminal, run, name));
  program
    .command('archive')
    .description('take runs out of the lists; nothing is deleted')
    .argument('<run...>', runHelp)
    .option('--undo', 'back into the lists')
    .addHelpText('after', example('workbench archive first-try'))
    .action(async (runs, options) => (await import('../edit.js')).archive(terminal, runs, options));
  program
    .command('note')
    .description('keep a remark with a run; an empty one takes it away')
    .argument('<run>', runHelp)
    .argument('<text...>')
    .addHelpText('after', example('workbench note quickstart "dropout made no difference"'))
    .action(async (run, words) => (await import('../edit.js')).note(terminal, run, words.join(' ')));
}
