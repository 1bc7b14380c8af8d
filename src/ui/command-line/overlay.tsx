/** `:`, the command line over any screen. */
import { messageOf } from '../../util/errors.js';
import { line } from '../format/line.js';
import type { OverlayDefinition, World } from '../screen.js';
import { frame } from '../widgets/pane.js';
import { commandKeys } from './keys.js';
import { workplace } from './place.js';
import { initialCommand, reduceCommand } from './state.js';
import type { CommandAction, CommandState } from './state.js';
import { tonedLines } from './toned.js';
import { CommandView } from './view.js';

export type CommandIntent =
  | { readonly ask: 'command-open'; readonly text: string }
  /** What could complete the text as it is. */
  | { readonly ask: 'command-complete' }
  /** Ends the command that runs. */
  | { readonly ask: 'command-cancel' }
  | { readonly ask: 'command-run'; readonly line: string; readonly confirmed: boolean };

export const commandLine: OverlayDefinition<'command', CommandState, CommandAction, CommandIntent> = {
  name: 'command',
  title: 'Command line',
  initial: initialCommand,
  reduce: reduceCommand,
  keys: commandKeys,
  tables: () => commandKeys,
  isOpen: ({ command }) => command.open,
  View: ({ state, width, height }) => <CommandView state={state.command} width={width} height={height} />,
  start({ services }) {
    // They take a moment to load, which nobody should wait for at the first `:`.
    const loading = setTimeout(() => void services.commands().catch(() => undefined), 1000);
    return () => clearTimeout(loading);
  },
  intents: {
    async 'command-open'({ text }, world) {
      world.send({ type: 'command', action: { type: 'open', text } }, { ask: 'command-complete' });
      const commands = await world.services.commands();
      world.send({ type: 'command', action: { type: 'history', lines: commands.history() } });
    },
    async 'command-complete'(_, world) {
      const { field, chosen, open } = world.get().command;
      if (chosen !== null || !open) return;
      const commands = await world.services.commands();
      const completion = await commands.complete(field.text, field.caret, workplace(world, { line: '', confirmed: false }));
      const { wanted } = world.get().command;
      world.send({ type: 'command', action: { type: 'completed', field, completion } });
      // A word was taken at once: what may follow it is not known yet.
      if (wanted !== null && world.get().command.field !== field) world.send({ ask: 'command-complete' });
    },
    'command-cancel'(_, world) {
      going.get(world)?.abort();
    },
    'command-run': run,
  },
};

/** What ends the command that runs. */
const going = new WeakMap<World, AbortController>();

async function run({ line: text, confirmed }: Extract<CommandIntent, { ask: 'command-run' }>, world: World): Promise<void> {
  const { send, get, services, refresh } = world;
  const command = (action: CommandAction): void => send({ type: 'command', action });
  if (get().command.running !== null) return command({ type: 'waits', line: text, confirmed });
  command({ type: 'begun', line: text.trim() });
  const cancel = new AbortController();
  going.set(world, cancel);
  let pending = '';
  const say = (whole: boolean): void => {
    const end = whole ? pending.length : pending.lastIndexOf('\n') + 1;
    const ready = pending.slice(0, end).replace(/\n$/, '');
    pending = pending.slice(end);
    if (end > 0) command({ type: 'said', lines: tonedLines(ready) });
  };
  try {
    const commands = await services.commands();
    commands.remember(text);
    command({ type: 'history', lines: commands.history() });
    await commands.run(text, workplace(world, { line: text, confirmed }), {
      width: get().size.columns - frame.columns,
      signal: cancel.signal,
      write(more) {
        pending += more;
        if (more.includes('\n')) say(false);
      },
    });
  } catch (error) {
    command({ type: 'said', lines: [line([messageOf(error), 'bad'])] });
  } finally {
    say(true);
    going.delete(world);
    const [next] = get().command.waiting;
    command({ type: 'ended' });
    refresh();
    send(next === undefined ? { ask: 'command-complete' } : { ask: 'command-run', ...next });
  }
}
