/** The keys of the command line. */
import type { Table } from '../screen.js';
import type { Message } from '../state.js';
import { fieldBindings } from '../widgets/field-keys.js';
import type { AppState } from '../state.js';
import type { CommandAction } from './state.js';

const command = (action: CommandAction): Message => ({ type: 'command', action });
/** A change of the text has another completion. */
const changed = (action: CommandAction): Message[] => [command(action), { ask: 'command-complete' }];

const typing: Table = {
  title: 'Command line',
  modal: true,
  text: (_, text) => changed({ type: 'type', action: { type: 'insert', text } }),
  bindings: [
    { keys: ['enter'], does: 'run the line', short: 'run', when: ({ command: { field } }) => field.text.trim() !== '', act: ({ command: { field } }) => ({ ask: 'command-run', line: field.text.replace(/^\s*:+/, ''), confirmed: false }) },
    { keys: ['tab'], does: 'complete; again for the next word', short: 'complete', act: () => changed({ type: 'choose', by: 1 }) },
    { keys: ['shift+tab'], does: 'the completion before', act: () => changed({ type: 'choose', by: -1 }) },
    { keys: ['up'], does: 'the line before, of earlier sessions too', short: 'history', act: () => changed({ type: 'recall', by: -1 }) },
    { keys: ['down'], does: 'the line after', act: () => changed({ type: 'recall', by: 1 }) },
    { keys: ['pageup'], does: 'scroll the results up', act: () => command({ type: 'scroll', by: 10 }) },
    { keys: ['pagedown'], does: 'scroll the results down', act: () => command({ type: 'scroll', by: -10 }) },
    { keys: ['esc', 'ctrl+c'], does: 'end the command that runs', short: 'cancel', when: ({ command: { running } }) => running !== null, act: () => ({ ask: 'command-cancel' }) },
    { keys: ['esc', 'ctrl+c'], does: 'close the command line', short: 'close', act: () => command({ type: 'close' }) },
    ...fieldBindings<AppState, Message>((action) => command({ type: 'type', action })).map((binding) => ({ ...binding, act: (state: AppState, key: string): Message[] => [binding.act(state, key) as Message, { ask: 'command-complete' }] })),
  ],
};

export const commandKeys: readonly Table[] = [typing];
