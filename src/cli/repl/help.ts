/** What `help` says. */
import { knobOf } from '../../config/limits.js';
import { nearest, nearestKey } from '../../config/nearest.js';
import { showValue } from '../../ui/screens/new-run/knob.js';
import { UserError } from '../../util/errors.js';
import { facts } from '../view/table.js';
import type { Context } from './command.js';
import { usageOf } from './command.js';
import { references } from './references.js';

/** Of nothing: the commands; of a command or a key of the experiment: all there is. Throws a UserError for another topic. */
export function helpText(topic: string, { commands, terminal: { style } }: Pick<Context, 'commands' | 'terminal'>): string {
  if (topic === '') {
    const runs = Object.entries(references).map(([name, { note }]) => [name, note] as const);
    return [...facts(commands.map(({ name, summary }) => [name, summary] as const), style), '', ...facts(runs, style), '', 'help <command> tells more; help <key> what a key of the experiment means.'].join('\n');
  }
  const command = commands.find(({ name }) => name === topic);
  if (command) return command.help === '' ? `${command.name} ${usageOf(command)}\n${command.summary}` : command.help.trimEnd();
  const several = commands.filter(({ name }) => name.startsWith(`${topic} `));
  if (several.length > 0) return facts(several.map((each) => [`${each.name} ${usageOf(each)}`, each.summary] as const), style).join('\n');
  const knob = knobOf(topic);
  if (knob) return facts([[knob.key, knob.help], ['takes', knob.expects], ['default', knob.default === undefined ? 'must be given' : showValue(knob.default)]], style).join('\n');
  const meant = nearest(topic, commands.map(({ name }) => name)) ?? nearestKey(topic);
  throw new UserError(`there is no command and no key \`${topic}\`${meant === null ? ': `help` lists the commands' : `: did you mean \`${meant}\`?`}`);
}
