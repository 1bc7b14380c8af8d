/** What may be typed next, and what it means. */
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expandTilde } from '../../config/home.js';
import { knobOf, knobs, type Knob } from '../../config/limits.js';
import { liveKnobs } from '../../config/same-run.js';
import type { CompletedWord, Completion } from '../../ui/command-line/commands.js';
import { usageOf } from './command.js';
import type { ArgumentKind, Context, ReplCommand } from './command.js';
import { references } from './references.js';
import { quoted, wordsOf } from './words.js';

/** More are not read by anybody. */
const most = 200;

/** `caret`: characters before the cursor; what comes after it is left alone. */
export async function complete(line: string, caret: number, context: Context): Promise<Completion> {
  const before = line.slice(0, caret);
  const words = wordsOf(before);
  const begun = words.at(-1)?.to === before.length ? words.at(-1) : undefined;
  const from = begun?.from ?? before.length;
  const typed = begun?.text ?? '';
  const done = (begun ? words.slice(0, -1) : words).map(({ text }) => text);
  const command = commandOf(done, context.commands);
  if (command === null) return { from: words[0]?.from ?? 0, words: commandWords(before.trimStart(), context.commands), hint: hintOf(before, context.commands) };
  const given = done.slice(command.name.split(' ').length);
  const { kinds, hint } = expected(command, given, typed);
  const found = (await Promise.all(kinds.map((kind) => candidates(kind, { typed, given }, context)))).flat();
  const flags = typed.startsWith('-') ? command.options.map(({ flag, note }) => ({ text: flag, note })) : [];
  return { from, words: matching([...flags, ...found], typed).slice(0, most), hint };
}

/** The longest name that the words begin with; null while it is still typed, or there is none. */
export function commandOf(words: readonly string[], commands: readonly ReplCommand[]): ReplCommand | null {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ');
    const found = words.length >= length ? commands.find((each) => each.name === name) : undefined;
    if (found) return found;
  }
  return null;
}

function commandWords(typed: string, commands: readonly ReplCommand[]): CompletedWord[] {
  return matching(commands.map(({ name, summary }) => ({ text: name, note: summary })), typed);
}

function hintOf(typed: string, commands: readonly ReplCommand[]): string {
  const exact = commands.find(({ name }) => name === typed.trim());
  return exact ? about(exact) : typed.trim() === '' ? 'A command; Tab completes, `help` lists them all.' : '';
}

function about(command: ReplCommand): string {
  return `${command.name} ${usageOf(command)}: ${command.summary}`;
}

/** What kinds of word may come after those given. */
function expected(command: ReplCommand, given: readonly string[], typed: string): { kinds: readonly ArgumentKind[]; hint: string } {
  const before = command.options.find(({ flag }) => flag === given.at(-1));
  if (before?.value) return { kinds: before.value, hint: `${before.flag}: ${before.note}` };
  const place = given.filter((word, i) => !word.startsWith('--') && !command.options.some(({ flag, value }) => flag === given[i - 1] && value !== null)).length;
  const argument = command.arguments[place] ?? (command.arguments.at(-1)?.rest ? command.arguments.at(-1) : undefined);
  const key = command.name === 'set' ? (given[0] ?? typed).split('=')[0] : (typed.split('=')[0] ?? '');
  const knob = argument?.kinds.some((kind) => kind === 'knob' || kind === 'value' || kind === 'assignment') ? knobOf(key) : null;
  const kinds = argument?.kinds ?? [];
  return { kinds: command.name === 'set' && given.length > 0 ? kinds.filter((kind) => kind === afterSet(given)) : kinds, hint: knob ? `${knob.key}: ${knob.help} (${knob.expects})` : about(command) };
}

/** After a key its value, after `key=value` another one, after a run what can be changed in it. */
function afterSet([first, ...more]: readonly string[]): ArgumentKind | null {
  if (first.includes('=')) return 'assignment';
  if (knobOf(first) === null) return 'change';
  return more.length === 0 ? 'value' : null;
}

interface Typed {
  readonly typed: string;
  /** The words after the command's name. */
  readonly given: readonly string[];
}

async function candidates(kind: ArgumentKind, { typed, given }: Typed, context: Context): Promise<CompletedWord[]> {
  if (typeof kind === 'object') return kind.oneOf.map((text) => ({ text, note: '' }));
  const { services, place, commands, terminal } = context;
  switch (kind) {
    case 'run': {
      const runs = services.reader.runs();
      return [
        ...Object.entries(references).map(([text, { note }]) => ({ text, note })),
        ...runs.map(({ id, name, state }) => ({ text: name, note: `${id}  ${state}` })),
        ...runs.map(({ id, name, state }) => ({ text: id, note: `${name}  ${state}` })),
      ];
    }
    case 'search':
      return services.reader.searches().map(({ name, state }) => ({ text: name, note: state }));
    case 'model':
      return (await services.models()).map(({ path, name }) => ({ text: path, note: name }));
    case 'path':
      return paths(expandTilde(typed, terminal.env));
    case 'knob':
      return knobs.map(({ key, help }) => ({ text: key, note: help }));
    case 'assignment':
      return assignments(typed, knobs);
    case 'change':
      return assignments(typed, changeable);
    case 'value':
      return values(given[0] ?? '', typed, context);
    case 'tag':
      return [...new Set(services.reader.runs().flatMap(({ tags }) => tags))].map((text) => ({ text, note: '' }));
    case 'screen':
      return (place.screen?.names ?? []).map((text) => ({ text, note: 'screen' }));
    case 'theme':
      return (place.screen?.themes ?? []).map((text) => ({ text, note: '' }));
    case 'topic':
      return [...commands.map(({ name, summary }) => ({ text: name, note: summary })), ...knobs.map(({ key, help }) => ({ text: key, note: help }))];
    case 'filter':
      return ['state:', 'tag:', 'note:', 'name:', 'eval_loss', 'train_loss', 'step', ...knobs.map(({ key }) => key)].map((text) => ({ text, note: '' }));
    case 'text':
      return [];
  }
}

/** `key=`, then what it takes. */
function assignments(typed: string, among: readonly Pick<Knob, 'key' | 'help'>[]): CompletedWord[] {
  const at = typed.indexOf('=');
  if (at < 0) return among.map(({ key, help }) => ({ text: `${key}=`, note: help }));
  const key = typed.slice(0, at);
  return wordsFor(key).map(({ text, note }) => ({ text: `${key}=${text}`, note }));
}

/** By their names within `train`, as a live run is told them. */
const changeable = liveKnobs.map((key) => ({ key, help: knobOf(`train.${key}`)?.help ?? '' }));

async function values(key: string, typed: string, context: Context): Promise<CompletedWord[]> {
  if (key === 'model') return (await context.services.models()).map(({ path, name }) => ({ text: path, note: name }));
  if (key === 'dataset.path') return [...(await context.services.datasets()).map(({ path, name }) => ({ text: path, note: name })), ...paths(expandTilde(typed, context.terminal.env))];
  return knobOf(key)?.path ? paths(expandTilde(typed, context.terminal.env)) : wordsFor(key);
}

function wordsFor(key: string): CompletedWord[] {
  const knob = knobOf(key);
  if (knob === null) return [];
  const words = [...knob.choices, ...(knob.kind === 'bool' ? ['true', 'false'] : [])];
  return [...words, ...(knob.nullable ? ['null'] : [])].map((text) => ({ text, note: text === String(knob.default) ? 'default' : '' }));
}

/** Entries of the folder that is being typed; folders end in a slash. What cannot be read has none. */
function paths(typed: string): CompletedWord[] {
  const folder = typed.endsWith('/') ? typed : dirname(typed);
  const shown = typed.endsWith('/') ? typed : folder === '.' && !typed.startsWith('.') ? '' : join(folder, '/');
  try {
    const hidden = basename(typed).startsWith('.') && !typed.endsWith('/');
    return readdirSync(folder || '.', { withFileTypes: true })
      .filter(({ name }) => hidden || !name.startsWith('.'))
      .map((entry) => ({ text: `${shown}${entry.name}${entry.isDirectory() ? '/' : ''}`, note: '' }))
      .sort((a, b) => a.text.localeCompare(b.text));
  } catch {
    return [];
  }
}

/** Those that begin so, then those that have it inside; quoted where they have to be. */
function matching(words: readonly CompletedWord[], typed: string): CompletedWord[] {
  const wanted = typed.toLowerCase();
  const unique = [...new Map(words.map((word) => [word.text, word])).values()];
  const begin = unique.filter(({ text }) => text.toLowerCase().startsWith(wanted));
  const inside = unique.filter(({ text }) => text.toLowerCase().indexOf(wanted) > 0);
  return [...begin, ...inside].map(({ text, note }) => ({ text: text.includes(' ') && isName(text) ? text : quoted(text), note }));
}

/** A command of two words is not one that needs quotes. */
function isName(text: string): boolean {
  return /^[a-z]+ [a-z]+$/.test(text);
}
