/** To train: an experiment, its tokenizer, its place in the queue, and what to know before. */
import type { Command } from '@commander-js/extra-typings';
import type { Terminal } from '../terminal.js';
import { addLiveRuns } from './live-runs.js';
import { addQueue } from './queue.js';
import { addSearch } from './search.js';
import { addTokenizer } from './tokenizer.js';
import { example, runHelp, setOption, wholeNumber } from './options.js';

export function addTraining(program: Command, terminal: Terminal): void {
  program.commandsGroup('Train:');
  program
    .command('train')
    .description('run an experiment here, to its end; Ctrl-C stops it and saves')
    .argument('<experiment>', 'YAML or JSON file, or a module')
    .addOption(setOption())
    .option('--name <name>', 'of the run; else `name` in the file, else model and dataset')
    .option('--detach', 'start it and return; it needs no terminal from then on')
    .option('--json', 'one event a line')
    .option('--bell', 'ring the bell of the terminal when it has ended')
    .addHelpText('after', example('workbench train experiments/quickstart.yaml --set lora.r=16'))
    .action(async (file, options) => (await import('../train.js')).train(terminal, file, options));
  program
    .command('resume')
    .description('go on with a run that has ended, from its newest whole checkpoint; the same run, one history')
    .argument('[run|folder]', `${runHelp}; or the folder of a run from a mirror`)
    .addOption(setOption())
    .option('--from <step>', 'an older checkpoint; the later ones are given up', wholeNumber(1))
    .option('--branch', 'in a new run with other settings; this one stays as it is')
    .option('--interrupted', 'all that were cut off, by a restart of the machine or a kill: in the background, before what waits')
    .option('--detach', 'start it and return')
    .option('--json', 'one event a line')
    .option('--bell', 'ring the bell of the terminal when it has ended')
    .addHelpText('after', example('workbench resume quickstart --set train.max_steps=400'))
    .action(async (run, options) => (await import('../resume.js')).resume(terminal, run, options));
  addTokenizer(program, terminal);
  addQueue(program, terminal);
  addSearch(program, terminal);
  addLiveRuns(program, terminal);
  program
    .command('import')
    .description('make an experiment file of a training file of LLaMA-Factory, and say what could not be taken over')
    .argument('<file>', 'YAML or JSON, as llamafactory-cli train takes it')
    .option('--out <file>', 'the experiment file to write; else it is printed')
    .addHelpText('after', example('workbench import llama3_lora_sft.yaml --out llama3.yaml'))
    .action(async (file, options) => (await import('../import.js')).importFile(terminal, file, options));
  program
    .command('data')
    .description('the rows as the model sees them: tokens, what is learned, lengths, rows left out')
    .argument('<experiment>', 'YAML or JSON file, or a module')
    .addOption(setOption())
    .option('--rows <n>', 'rows to show, from the first', wholeNumber(1), 3)
    .option('--row <n...>', 'only these, as a run names them where an update could not be made', (text: string, before?: number[]) => [...(before ?? []), wholeNumber(1)(text)])
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench data experiments/quickstart.yaml --rows 5'))
    .action(async (file, options) => (await import('../data.js')).data(terminal, file, options));
  program
    .command('estimate')
    .description('parameters, memory by part, updates and tokens, before it runs')
    .argument('<experiment>', 'YAML or JSON file, or a module')
    .addOption(setOption())
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench estimate experiments/quickstart.yaml --set lora.r=64'))
    .action(async (file, options) => (await import('../estimate.js')).estimateExperiment(terminal, file, options));
}
