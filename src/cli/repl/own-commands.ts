/** Commands of a session: what they change lives as long as it does, or they mean another thing in it. */
import { called } from '../../ui/format/run.js';
import { clean } from '../../ui/format/text.js';
import { UserError } from '../../util/errors.js';
import type { Argument, ArgumentKind, Context, ReplCommand } from './command.js';
import { draftCommands } from './draft-commands.js';
import { helpText } from './help.js';

function argument(shown: string, ...kinds: readonly ArgumentKind[]): Argument {
  return { shown, kinds, rest: shown.includes('...') };
}

const none = { arguments: [], options: [], help: '' } as const;

/** They go before a command of the program of the same name, which they may be handed. */
export function ownCommands(program: readonly ReplCommand[]): ReplCommand[] {
  const inProgram = (name: string): ReplCommand => {
    const found = program.find((each) => each.name === name);
    if (!found) throw new Error(`there is no command ${name}`);
    return found;
  };
  const [train, resume, search, attach, remove, compare] = [inProgram('train'), inProgram('resume'), inProgram('search'), inProgram('attach'), inProgram('rm'), inProgram('compare')];
  return [
    ...draftCommands(inProgram),
    { ...train, run: (words, context) => detached(train, words, context) },
    { ...resume, run: (words, context) => detached(resume, words, context) },
    { ...search, run: (words, context) => detached(search, words, context) },
    {
      ...attach,
      run: async (words, context) => {
        const { screen } = context.place;
        if (screen === null || words.length !== 1) return attach.run(words, context);
        screen.watch(context.services.reader.run(words[0]).id);
      },
    },
    {
      ...compare,
      run: async (words, context) => {
        const { screen } = context.place;
        if (screen === null || words.length < 2 || words.some((word) => word.startsWith('-'))) return compare.run(words, context);
        screen.compare([...new Set(words.map((word) => context.services.reader.run(word).id))]);
      },
    },
    {
      ...remove,
      run: async (words, context) => {
        const runs = words.filter((word) => !word.startsWith('-')).map((word) => context.services.reader.run(word));
        const asked = runs.length > 0 && !words.includes('--yes');
        const named = runs.map(called).join(', ');
        // The program itself cannot ask here: the keyboard is this session's.
        if (!asked || (await context.place.confirm(`Delete ${named} with ${runs.length === 1 ? 'its' : 'their'} files? This cannot be undone.`))) await remove.run([...words, '--yes'], context);
      },
    },
    {
      ...none,
      name: 'mark',
      summary: 'mark runs for @marked; without a name it lists the marked',
      arguments: [argument('[run...]', 'run')],
      run: async (words, { place, services, terminal }) => {
        place.mark([...new Set([...place.marked(), ...words.map((word) => services.reader.run(word).id)])]);
        terminal.print(place.marked().map((id) => `${id}  ${clean(services.reader.run(id).name)}`).join('\n') || 'No run is marked.');
      },
    },
    {
      ...none,
      name: 'unmark',
      summary: 'take the mark from runs; without a name from all',
      arguments: [argument('[run...]', 'run')],
      run: async (words, { place, services }) => {
        const ids = new Set(words.map((word) => services.reader.run(word).id));
        place.mark(words.length === 0 ? [] : place.marked().filter((id) => !ids.has(id)));
      },
    },
    {
      ...none,
      name: 'open',
      needsScreen: true,
      summary: 'go to a screen, or open a run',
      arguments: [argument('<screen|run>', 'screen', 'run')],
      run: async ([word, ...more], { place: { screen }, services }) => {
        if (word === undefined || more.length > 0) throw new UserError(`open takes one name: ${screen?.names.join(', ') ?? ''}, or a run`);
        const name = screen?.names.find((each) => each === word.toLowerCase());
        if (name === undefined) screen?.open(services.reader.run(word).id);
        else screen?.show(name);
      },
    },
    {
      ...none,
      name: 'theme',
      needsScreen: true,
      summary: 'colours for a dark or a light background, or none',
      arguments: [argument('<theme>', 'theme')],
      run: async ([name], { place: { screen } }) => {
        if (name === undefined || !screen?.themes.includes(name)) throw new UserError(`theme takes one of ${screen?.themes.join(', ') ?? ''}`);
        screen.theme(name);
      },
    },
    {
      ...none,
      name: 'bell',
      needsScreen: true,
      summary: 'sound the bell of the terminal when a run ends, or not',
      arguments: [{ shown: '<on|off>', kinds: [{ oneOf: ['on', 'off'] }], rest: false }],
      run: async ([word], { place: { screen }, terminal }) => {
        if (word !== 'on' && word !== 'off') throw new UserError('bell takes on or off');
        screen?.bell(word === 'on');
        terminal.print(word === 'on' ? 'The bell sounds when a run ends.' : 'The bell stays silent.');
      },
    },
    {
      ...none,
      name: 'help',
      summary: 'the commands; with a name what a command or a key of the experiment means',
      arguments: [argument('[command|key]', 'topic')],
      run: async (words, context) => context.terminal.print(helpText(words.join(' '), context)),
    },
    { ...none, name: 'quit', summary: 'leave; runs go on', run: async (_, { place }) => place.quit() },
  ];
}

/** On a screen nothing is followed line by line: the run is started, and shown. */
async function detached(command: ReplCommand, words: readonly string[], context: Context): Promise<void> {
  const { screen } = context.place;
  if (screen === null) return command.run(words, context);
  await command.run(words.includes('--detach') ? words : [...words, '--detach'], context);
}
