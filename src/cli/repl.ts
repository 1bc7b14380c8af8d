/** `workbench repl`: the commands of the screen without one. */
import { createInterface, type Interface } from 'node:readline/promises';
import { homeFolder } from '../config/home.js';
import { isPrintable } from '../config/schema.js';
import type { Workplace } from '../ui/command-line/commands.js';
import { valueAt, withValue } from '../ui/screens/new-run/draft.js';
import type { Draft } from '../ui/screens/new-run/draft.js';
import type { Services } from '../ui/services.js';
import { messageOf } from '../util/errors.js';
import { explain } from './explain.js';
import type { Context } from './repl/command.js';
import { commandTable, runLine } from './repl/commands.js';
import { complete } from './repl/complete.js';
import { openHistory } from './repl/history.js';
import { openServices } from './screen/services.js';
import { exit, type ExitCode, type Terminal } from './terminal.js';

/** Line-edited at a terminal; else a script is read from standard input, to its end or its first command that fails. */
export async function repl(terminal: Terminal): Promise<void> {
  const services = openServices(terminal.env);
  const unwatch = services.watchRuns((error) => terminal.note(`workbench: ${messageOf(error)}`));
  try {
    process.exitCode = process.stdin.isTTY ? await prompted(terminal, services) : await scripted(terminal, services);
  } finally {
    unwatch();
    services.close();
  }
}

async function scripted(terminal: Terminal, services: Services): Promise<ExitCode> {
  let ended = false;
  const context = contextOf(terminal, services, { confirm: async () => true, quit: () => (ended = true) });
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const code = await attempt(line, context);
    if (code !== exit.done || ended) return code;
  }
  return exit.done;
}

async function prompted(terminal: Terminal, services: Services): Promise<ExitCode> {
  const history = openHistory(homeFolder(terminal.env));
  let ended = false;
  /** Lines that came while nobody asked for one, as when several are pasted. */
  const ahead: string[] = [];
  const prompt: Interface = createInterface({ input: process.stdin, output: process.stdout, history: history.lines().toReversed(), completer: completed, terminal: terminal.interactive });
  const context = contextOf(terminal, services, { confirm: async (question) => /^y(es)?$/i.test((await prompt.question(`${question} [y/N] `)).trim()), quit: () => (ended = true) });

  /** As readline wants it: whole words that can take the place of the text they belong to. */
  async function completed(line: string): Promise<[string[], string]> {
    const { from, words } = await complete(line, line.length, context);
    const begun = line.slice(from);
    return [words.map(({ text }) => text).filter((text) => text.startsWith(begun) && isPrintable(text)), begun];
  }

  terminal.note('help lists the commands, Tab completes, Ctrl-D leaves; runs go on.');
  prompt.on('SIGINT', () => prompt.write(null, { ctrl: true, name: 'u' }));
  // Only what answers no question is such an event.
  prompt.on('line', (line) => ahead.push(line));
  let closed = false;
  const close = new Promise<null>((resolve) => void prompt.once('close', () => {
    closed = true;
    resolve(null);
  }));
  try {
    while (!ended) {
      const line = ahead.shift() ?? (closed ? null : await Promise.race([prompt.question('workbench> '), close]));
      if (line === null) break;
      history.add(line);
      await attempt(line, context);
    }
  } finally {
    prompt.close();
  }
  return exit.done;
}

/** The exit code of one line. Never rejects. */
async function attempt(line: string, context: Context): Promise<ExitCode> {
  try {
    process.exitCode = exit.done;
    await runLine(line, context);
    return Number(process.exitCode ?? exit.done) as ExitCode;
  } catch (error) {
    return explain(error, context.terminal);
  }
}

function contextOf(terminal: Terminal, services: Services, { confirm, quit }: Pick<Workplace, 'confirm' | 'quit'>): Context {
  let draft: Draft = firstDraft(services);
  let marked: readonly string[] = [];
  const place: Workplace = {
    draft: () => draft,
    setDraft: (next) => (draft = next),
    marked: () => marked,
    mark: (ids) => (marked = ids),
    current: () => services.reader.runs()[0]?.id ?? null,
    confirm,
    quit,
    screen: null,
  };
  return { services, place, terminal, commands: commandTable(terminal).filter(({ needsScreen }) => !needsScreen), aside: null };
}

/** As the form begins: the quickstart where it is installed, else no model and no dataset. */
function firstDraft(services: Services): Draft {
  if (valueAt(services.defaults, 'model') !== undefined) return services.parse(services.defaults);
  return withValue(withValue(services.parse({ model: '-', dataset: { path: '-' } }), 'model', ''), 'dataset.path', '');
}
