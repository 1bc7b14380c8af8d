/**
 * Every command: `commands/` has their arguments, options and examples. What a command does is in the file of its name beside
 * this one, loaded when it is asked for, so that help and the screen start without the engines, the store and the tokenizers.
 */
import { readFileSync } from 'node:fs';
import { Command, Help, type Option } from '@commander-js/extra-typings';
import { addHub } from './commands/hub.js';
import { addMachine } from './commands/machine.js';
import { addModels } from './commands/models.js';
import { example } from './commands/options.js';
import { addRuns } from './commands/runs.js';
import { addTraining } from './commands/training.js';
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

function addPrompt(program: Command, repl: () => Promise<void>): void {
  program
    .command('repl')
    .description('these commands at a prompt, with a new run to write (set, run); or a script from standard input')
    .addHelpText('after', example('workbench repl < experiments.txt'))
    .action(() => repl());
}

/** Commander's own, with required options marked and an empty list not told as a default. */
function optionDescription(option: Option): string {
  const description = new Help().optionDescription(option).replace(' (default: [])', '');
  return option.mandatory ? `${description} (required)` : description;
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  return version;
}
