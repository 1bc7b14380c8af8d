/** The commands of `workbench` as rows of the table: the same functions, run in this process. */
import type { CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { buildProgram } from '../program.js';
import type { Terminal } from '../terminal.js';
import type { Argument, ArgumentKind, CommandOption, ReplCommand } from './command.js';

/** What the names of arguments and of the values of options stand for. */
const kindsByName: Readonly<Record<string, readonly ArgumentKind[]>> = {
  run: ['run'], search: ['search'], more: ['run'], 'run|folder': ['run', 'path'], 'run|model': ['run', 'model', 'path'],
  experiment: ['path'], folder: ['path'], path: ['path'], out: ['path'], file: ['path'],
  'key=value': ['assignment'], tag: ['tag'], query: ['filter'], key: ['filter'],
};

/** Words of these are not split. */
const verbatim: ReadonlySet<string> = new Set(['sql']);

/** These compute, or read whole files: a screen goes on meanwhile. */
const heavy: ReadonlySet<string> = new Set(['data', 'search', 'search show', 'eval', 'generate', 'export', 'models', 'datasets', 'doctor', 'tokenizer train', 'sql', 'estimate', 'plot', 'pull', 'push']);

/** Every command that does something by itself, `queue add` as one; `search` is one beside `search list`. */
export function programCommands(terminal: Terminal): ReplCommand[] {
  return leaves(buildProgram(terminal), []);
}

function leaves(command: CommandUnknownOpts, path: readonly string[]): ReplCommand[] {
  const inner = command.commands.flatMap((each) => leaves(each, [...path, each.name()]));
  const isGroup = path.length === 0 || (inner.length > 0 && command.registeredArguments.length === 0);
  return isGroup ? inner : [row(command, path), ...inner];
}

function row(command: CommandUnknownOpts, path: readonly string[]): ReplCommand {
  const name = path.join(' ');
  return {
    name,
    summary: command.description().split('\n')[0],
    arguments: command.registeredArguments.map((each): Argument => {
      const label = `${each.name()}${each.variadic ? '...' : ''}`;
      return { shown: each.required ? `<${label}>` : `[${label}]`, kinds: each.argChoices ? [{ oneOf: each.argChoices }] : (kindsByName[each.name()] ?? ['text']), rest: each.variadic };
    }),
    options: command.options.filter(({ long }) => long !== undefined && long !== '--help').map(optionRow),
    help: command.helpInformation(),
    ...(verbatim.has(name) ? { verbatim: true } : {}),
    async run(words, { terminal, aside }) {
      if (aside !== null && heavy.has(name)) process.exitCode = await aside([...path, ...words]);
      else await buildProgram(terminal).parseAsync([...path, ...words], { from: 'user' });
    },
  };
}

function optionRow(option: Option): CommandOption {
  const value = /[<[]([^>\]]+)/.exec(option.flags)?.[1];
  const kinds = (): readonly ArgumentKind[] => (option.argChoices ? [{ oneOf: option.argChoices }] : option.long === '--set' ? ['assignment'] : (kindsByName[value ?? ''] ?? ['text']));
  return { flag: option.long ?? option.flags, note: option.description, value: value === undefined ? null : kinds() };
}
