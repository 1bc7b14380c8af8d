/**
 * Every command with its arguments, options and an example. What a command does is loaded when it is asked
 * for, so that help and the screen start without the engines, the store and the tokenizers.
 */
import { readFileSync } from 'node:fs';
import { Command, Help, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import type { ControlCommand } from './control.js';
import type { Terminal } from './terminal.js';

/** `repl` opens the prompt: it is made of these commands and has no such command itself. */
export function buildProgram(terminal: Terminal, repl: (() => Promise<void>) | null = null): Command {
  const program = new Command('workbench')
    .description('Fine-tuning experiments from a terminal: configure, train, watch and keep every run.\nWithout a command it opens the screen.')
    .version(version(), '-V, --version', 'print the version')
    .option('--ascii', 'draw the screen in plain characters')
    .helpOption('-h, --help', 'print help, of a command too: workbench train --help')
    .helpCommand(false)
    .configureHelp({ helpWidth: Math.min(terminal.width, 100), optionDescription })
    .configureOutput({ writeOut: terminal.write, outputError: (message) => terminal.note(message.trimEnd().replace(/^error: /, 'workbench: ')) })
    .exitOverride();
  addTraining(program, terminal);
  addRuns(program, terminal);
  addModels(program, terminal);
  addHub(program, terminal);
  addMachine(program, terminal);
  if (repl !== null) addPrompt(program, repl);
  return program;
}

function addTraining(program: Command, terminal: Terminal): void {
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
    .action(async (file, options) => (await import('./train.js')).train(terminal, file, options));
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
    .action(async (run, options) => (await import('./resume.js')).resume(terminal, run, options));
  addTokenizer(program, terminal);
  addQueue(program, terminal);
  program
    .command('attach')
    .description('follow a live run; Ctrl-C leaves it running')
    .argument('<run>', runHelp)
    .option('--json', 'one event a line')
    .option('--bell', 'ring the bell of the terminal when it has ended')
    .addHelpText('after', example('workbench attach quickstart'))
    .action(async (run, options) => (await import('./attach.js')).attach(terminal, run, options));
  for (const [name, description] of Object.entries(controls)) {
    program
      .command(name)
      .description(description)
      .argument('<run>', runHelp)
      .addHelpText('after', example(`workbench ${name} quickstart`))
      .action(async (run) => (await import('./control.js')).control(terminal, run, name as ControlCommand));
  }
  program
    .command('set')
    .description('change a live run: learning_rate, max_steps, logging_steps, eval_steps, save_steps')
    .argument('<run>', runHelp)
    .argument('<key=value...>')
    .addHelpText('after', example('workbench set quickstart learning_rate=1e-4 max_steps=400'))
    .action(async (run, assignments) => (await import('./control.js')).set(terminal, run, assignments));
  program
    .command('data')
    .description('the rows as the model sees them: tokens, what is learned, lengths, rows left out')
    .argument('<experiment>', 'YAML or JSON file, or a module')
    .addOption(setOption())
    .option('--rows <n>', 'rows to show, from the first', wholeNumber(1), 3)
    .option('--row <n...>', 'only these, as a run names them where an update could not be made', (text: string, before?: number[]) => [...(before ?? []), wholeNumber(1)(text)])
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench data experiments/quickstart.yaml --rows 5'))
    .action(async (file, options) => (await import('./data.js')).data(terminal, file, options));
  program
    .command('estimate')
    .description('parameters, memory by part, updates and tokens, before it runs')
    .argument('<experiment>', 'YAML or JSON file, or a module')
    .addOption(setOption())
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench estimate experiments/quickstart.yaml --set lora.r=64'))
    .action(async (file, options) => (await import('./estimate.js')).estimateExperiment(terminal, file, options));
}

function addTokenizer(program: Command, terminal: Terminal): void {
  const tokenizer = program
    .command('tokenizer')
    .description('a new tokenizer for training from scratch')
    .helpCommand(false)
    .addHelpText('after', example('workbench tokenizer train corpus/*.jsonl.gz --vocab-size 16000 --out my-tokenizer'));
  tokenizer
    .command('train')
    .description('learn a byte-level BPE vocabulary from data files, or from the dataset of an experiment')
    .argument('<file...>', 'files, folders or patterns of data; or an experiment (.yaml), whose filter then counts')
    .option('--vocab-size <n>', 'tokens, special ones and the 256 bytes among them', wholeNumber(257), 32000)
    .option('--special <token...>', 'tokens that stand for no text; the end of a text first where the names do not tell', ['<|endoftext|>'])
    .option('--min-frequency <n>', 'pairs that occur less often do not become a token', wholeNumber(1), 2)
    .option('--column <name>', 'the column of the files that holds the text; else those of the format that they fit')
    .requiredOption('--out <folder>', 'where tokenizer.json and tokenizer_config.json go')
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench tokenizer train corpus/*.jsonl.gz --vocab-size 16000 --out my-tokenizer'))
    .action(async (files, options) => (await import('./tokenizer.js')).train(terminal, files, options));
}

function addQueue(program: Command, terminal: Terminal): void {
  const queue = program
    .command('queue')
    .description('runs that wait for their turn, and start by themselves')
    .helpCommand(false)
    .addHelpText('after', example('workbench queue add experiments/quickstart.yaml'));
  const parallel = () => new Option('--parallel <n>', 'so many at once, from now on').argParser(wholeNumber(1));
  const command = (name: string, description: string) => queue.command(name).description(description);
  command('add', 'put experiments in line; complete ones are skipped, partial ones resumed')
    .argument('<experiment...>', 'YAML or JSON files, or modules')
    .addOption(setOption())
    .addOption(parallel())
    .addHelpText('after', example('workbench queue add experiments/*.yaml'))
    .action(async (files, options) => (await import('./queue.js')).add(terminal, files, options));
  command('list', 'what runs and what waits, the next one first')
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench queue list'))
    .action(async (options) => (await import('./queue.js')).list(terminal, options));
  command('move', 'give a run another place')
    .argument('<run>', runHelp)
    .argument('<place>', '1: the next', wholeNumber(1))
    .addHelpText('after', example('workbench queue move quickstart 1'))
    .action(async (run, place) => (await import('./queue.js')).move(terminal, run, place));
  command('remove', 'take runs out of the line')
    .argument('<run...>', runHelp)
    .addHelpText('after', example('workbench queue remove quickstart'))
    .action(async (runs) => (await import('./queue.js')).remove(terminal, runs));
  command('start', 'go on with what waits, after a restart of the machine')
    .addOption(parallel())
    .addHelpText('after', example('workbench queue start --parallel 2'))
    .action(async (options) => (await import('./queue.js')).start(terminal, options));
}

function addRuns(program: Command, terminal: Terminal): void {
  program.commandsGroup('Runs:');
  program
    .command('runs')
    .description('every run, newest first')
    .option('--filter <query>', 'words, tag:x, state:x, lora.r>=16, eval_loss<2; a minus before one excludes')
    .option('--archived', 'those that were archived too')
    .option('--sort <key>', 'by a column or a configuration key; a minus before it: descending')
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench runs --filter "state:completed lora.r>=16" --sort eval_loss'))
    .action(async (options) => (await import('./runs.js')).runs(terminal, options));
  program
    .command('show')
    .description('one run: state, results, what differs from the defaults, the loss as a chart')
    .argument('<run>', runHelp)
    .option('--metrics', 'every metric point')
    .option('--csv', 'the metric points alone, a line a step, as comma-separated values')
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench show quickstart --metrics --json'))
    .action(async (run, options) => (await import('./show.js')).show(terminal, run, options));
  program
    .command('sql')
    .description('ask the store in SQL; without a query, what can be asked for')
    .argument('[query]', 'one SELECT; it cannot change anything')
    .option('--csv', 'comma-separated values')
    .option('--json', 'for machines: an object a row')
    .addHelpText('after', example('workbench sql "select name, eval_loss from runs where state = \'completed\' order by eval_loss limit 5"'))
    .action(async (query, options) => (await import('./sql.js')).sql(terminal, query, options));
  program
    .command('compare')
    .description('runs side by side: what was set differently, where they ended, their losses in one chart')
    .argument('<run>', runHelp)
    .argument('<more...>', 'the runs to compare it with')
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench compare r8 r16 r64'))
    .action(async (run, more, options) => (await import('./compare.js')).compare(terminal, [run, ...more], options));
  program
    .command('plot')
    .description('the losses of runs as a picture (SVG)')
    .argument('<run...>', runHelp)
    .requiredOption('--out <file>', 'where to write it')
    .addHelpText('after', example('workbench plot r8 r16 --out losses.svg'))
    .action(async (runs, options) => (await import('./plot.js')).plot(terminal, runs, options));
  program
    .command('rm')
    .description('delete runs with their files')
    .argument('<run...>', runHelp)
    .addHelpText('after', example('workbench rm failed-try'))
    .action(async (run) => (await import('./edit.js')).remove(terminal, run));
  program
    .command('tag')
    .description('add tags to a run; a minus before one (after --) takes it away')
    .argument('<run>', runHelp)
    .argument('<tag...>', 'words')
    .addHelpText('after', example('workbench tag quickstart baseline'))
    .action(async (run, tags) => (await import('./edit.js')).tag(terminal, run, tags));
  program
    .command('rename')
    .description('give a run another name')
    .argument('<run>', runHelp)
    .argument('<name>')
    .addHelpText('after', example('workbench rename quickstart first-try'))
    .action(async (run, name) => (await import('./edit.js')).rename(terminal, run, name));
  program
    .command('archive')
    .description('take runs out of the lists; nothing is deleted')
    .argument('<run...>', runHelp)
    .option('--undo', 'back into the lists')
    .addHelpText('after', example('workbench archive first-try'))
    .action(async (runs, options) => (await import('./edit.js')).archive(terminal, runs, options));
  program
    .command('note')
    .description('keep a remark with a run; an empty one takes it away')
    .argument('<run>', runHelp)
    .argument('<text...>')
    .addHelpText('after', example('workbench note quickstart "dropout made no difference"'))
    .action(async (run, words) => (await import('./edit.js')).note(terminal, run, words.join(' ')));
}

function addModels(program: Command, terminal: Terminal): void {
  program.commandsGroup('Use what was trained:');
  program
    .command('eval')
    .description('loss, perplexity and accuracy on a dataset')
    .argument('<run|model>', 'a run (with what it learned) or a model folder')
    .option('--dataset <path>', 'rows to evaluate on; a run has its own evaluation rows, a model needs some')
    .option('--format <format>', 'of the rows; else that of the run, or text')
    .option('--adapter <folder>', 'a PEFT adapter to put on a model folder')
    .addOption(setOption())
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench eval quickstart'))
    .action(async (subject, options) => (await import('./eval.js')).evaluate(terminal, subject, options));
  program
    .command('generate')
    .description('continue a text')
    .argument('<run|model>', 'a run (with what it learned) or a model folder')
    .requiredOption('--prompt <text>', 'what to continue')
    .option('--max-new-tokens <n>', 'at most so many', wholeNumber(1), 64)
    .option('--temperature <t>', '0: always the likeliest token', number(0), 0)
    .option('--top-k <k>', 'choose among the k likeliest; 0: among all', wholeNumber(0), 0)
    .option('--top-p <p>', 'choose among the likeliest with this share together', number(0, 1), 1)
    .option('--seed <seed>', 'of the choices', wholeNumber(0), 0)
    .option('--chat', "the prompt is what a user says: the tokenizer's chat template goes around it")
    .option('--adapter <folder>', 'a PEFT adapter to put on a model folder')
    .addOption(setOption())
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench generate quickstart --prompt "Once upon a time" --temperature 0.8'))
    .action(async (subject, options) => (await import('./generate.js')).generate(terminal, subject, options));
  program
    .command('export')
    .description('write what a run learned for other programs')
    .argument('<run>', runHelp)
    .addOption(new Option('--format <format>', 'peft: the adapter; merged: a whole model folder; gguf, gguf-lora: the same for llama.cpp; onnx: for transformers.js').choices(['peft', 'merged', 'gguf', 'gguf-lora', 'onnx'] as const).makeOptionMandatory())
    .addOption(new Option('--type <type>', 'how numbers are kept: merged as f32 (default), f16 or bf16; gguf as f16 (default), q8_0 or f32').choices(['f32', 'f16', 'bf16', 'q8_0'] as const))
    .option('--shard-size <GB>', 'the largest file of a merged model', number(0.001), 5)
    .requiredOption('--out <folder>', 'a folder that is not there yet, or an empty one')
    .addHelpText('after', example('workbench export quickstart --format merged --out my-model'))
    .action(async (run, options) => (await import('./export.js')).exportLearned(terminal, run, options));
}

function addHub(program: Command, terminal: Terminal): void {
  program
    .command('push')
    .description('what a run learned, or a folder, to a model hub (HF_TOKEN, HF_ENDPOINT, HTTPS_PROXY)')
    .argument('<run|folder>', 'a run (its adapter, or its whole model) or a folder')
    .argument('<repo>', 'owner/name; made where it is not there')
    .option('--private', 'a repository that is made is private')
    .addOption(new Option('--type <type>', 'of the repository').choices(['model', 'dataset'] as const).default('model' as const))
    .option('--message <text>', 'of the commit', 'Upload with Workbench')
    .option('--yes', 'do not ask')
    .addHelpText('after', example('workbench push quickstart me/quickstart --private'))
    .action(async (subject, repo, options) => (await import('./push.js')).pushTo(terminal, subject, repo, options));
  program
    .command('pull')
    .description('a model or a dataset from a hub into the Hugging Face cache, verified; what was begun goes on')
    .argument('<repo>', 'owner/name')
    .option('--revision <revision>', 'a branch, a tag or a commit', 'main')
    .addOption(new Option('--type <type>', 'what it is').choices(['model', 'dataset'] as const).default('model' as const))
    .option('--out <folder>', 'a folder of its own instead of the cache')
    .addHelpText('after', example('workbench pull openai-community/gpt2'))
    .action(async (repo, options) => (await import('./pull.js')).pullFrom(terminal, repo, options));
}

function addMachine(program: Command, terminal: Terminal): void {
  program.commandsGroup('This machine:');
  program
    .command('models')
    .description('the models in the folders given, in WORKBENCH_MODELS, in the Hugging Face cache, and here')
    .argument('[folder...]', 'where else to look')
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench models ~/models'))
    .action(async (folders, options) => (await import('./models.js')).models(terminal, folders, options));
  program
    .command('datasets')
    .description('the datasets in the folders given, else in this one')
    .argument('[folder...]', 'where to look')
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench datasets ~/data'))
    .action(async (folders, options) => (await import('./datasets.js')).datasets(terminal, folders, options));
  program
    .command('doctor')
    .description('engines, devices, terminal, store: what works, what does not, what to do')
    .option('--clear-cache', 'remove tokenised rows first; what needs them tokenises them again')
    .option('--json', 'for machines')
    .addHelpText('after', example('workbench doctor'))
    .action(async (options) => (await import('./doctor.js')).doctor(terminal, options));
}

function addPrompt(program: Command, repl: () => Promise<void>): void {
  program
    .command('repl')
    .description('these commands at a prompt, with a new run to write (set, run); or a script from standard input')
    .addHelpText('after', example('workbench repl < experiments.txt'))
    .action(() => repl());
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

const runHelp = 'id, the start of one, or name';

function setOption() {
  return new Option('--set <key=value>', 'change a key of the experiment: --set lora.r=16 (again for more)')
    .default([] as string[])
    .argParser((assignment: string, before: string[]) => [...before, assignment]);
}

/** Commander's own, with required options marked and an empty list not told as a default. */
function optionDescription(option: Option): string {
  const description = new Help().optionDescription(option).replace(' (default: [])', '');
  return option.mandatory ? `${description} (required)` : description;
}

function wholeNumber(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < minimum) throw new InvalidArgumentError(`Give a whole number of at least ${minimum}.`);
    return value;
  };
}

function number(minimum: number, maximum = Infinity): (text: string) => number {
  return (text) => {
    const value = Number(text);
    const limits = maximum === Infinity ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
    if (text.trim() === '' || !(value >= minimum && value <= maximum)) throw new InvalidArgumentError(`Give a number ${limits}.`);
    return value;
  };
}

function example(line: string): string {
  return `\nExample:\n  $ ${line}`;
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  return version;
}
