/** The command table, for the screen's `:`, its palette and `workbench repl` alike. */
import { homeFolder, type Environment } from '../../config/home.js';
import { nearest } from '../../config/nearest.js';
import { runCommand } from '../../runner/command.js';
import type { Commands, Workplace } from '../../ui/command-line/commands.js';
import type { Services } from '../../ui/services.js';
import { UserError } from '../../util/errors.js';
import { processTerminal } from '../terminal.js';
import type { Terminal } from '../terminal.js';
import { usageOf } from './command.js';
import type { Context, ReplCommand } from './command.js';
import { commandOf, complete } from './complete.js';
import { openHistory } from './history.js';
import { explainIn, paneTerminal } from './pane-terminal.js';
import { ownCommands } from './own-commands.js';
import { programCommands } from './program-commands.js';
import { expandReferences } from './references.js';
import { wordsOf } from './words.js';

/** Every command: those of a session first. */
export function commandTable(terminal: Terminal): ReplCommand[] {
  const program = programCommands(terminal);
  const own = ownCommands(program);
  const names = new Set(own.map(({ name }) => name));
  return [...own, ...program.filter(({ name }) => !names.has(name))].sort((a, b) => a.name.localeCompare(b.name));
}

/** Runs one line. Throws what the command throws; a UserError where there is no such command. */
export async function runLine(line: string, context: Context): Promise<void> {
  const words = wordsOf(line);
  if (words.length === 0 || words[0].text.startsWith('#')) return;
  const texts = words.map(({ text }) => text);
  const command = commandOf(texts, context.commands);
  if (command === null) throw new UserError(unknown(texts, context.commands));
  const length = command.name.split(' ').length;
  const rest = words.slice(length);
  const given = command.verbatim && rest.length > 0 ? [line.slice(rest[0].from).trim()] : expandReferences(rest.map(({ text }) => text), context);
  await command.run(given, context);
}

function unknown(words: readonly string[], commands: readonly ReplCommand[]): string {
  const names = commands.map(({ name }) => name);
  const inner = names.filter((name) => name.startsWith(`${words[0]} `));
  if (inner.length > 0) return `${words[0]} is followed by one of ${inner.map((name) => name.slice(words[0].length + 1)).join(', ')}`;
  const meant = nearest(words[0], names);
  return `there is no command ${words[0]}${meant === null ? ': `help` lists those there are' : `: did you mean ${meant}?`}`;
}

const entry = new URL('../command-process.js', import.meta.url);

/** The commands for a screen, which has its own way to draw and to ask. */
export function screenCommands(env: Environment, services: Services): Commands {
  const history = openHistory(homeFolder(env));
  const own = processTerminal();
  const commands = commandTable(own);
  const contextFor = (place: Workplace, terminal: Terminal, aside: Context['aside'] = null): Context => ({ services, place, terminal, commands, aside });
  return {
    entries: commands.map((command) => ({ name: command.name, usage: usageOf(command), summary: command.summary })),
    history: history.lines,
    remember: history.add,
    async complete(line, caret, place) {
      try {
        return await complete(line, caret, contextFor(place, own));
      } catch {
        return { from: caret, words: [], hint: '' };
      }
    },
    async run(line, place, output) {
      const terminal = paneTerminal(output, env);
      const before = process.exitCode;
      const aside = (words: readonly string[]) => runCommand(entry, { words, width: output.width }, { env, signal: output.signal, onText: output.write });
      try {
        await runLine(line, contextFor(place, terminal, aside));
        return process.exitCode === before || process.exitCode === 0;
      } catch (error) {
        explainIn(terminal, error);
        return false;
      } finally {
        process.exitCode = before;
      }
    },
  };
}
