/**
 * Keys of one's own: a file says, by table, which keys take the place of which. Tables go by their titles, as in the help; `all`
 * stands for every table that has the key.
 *
 *     Live:
 *       s: x            # stop is on x
 *       p: [p, space]   # pause is on the space bar too
 *       d: []           # nothing is on d
 */
import { nearest } from '../config/nearest.js';
import type { Binding, Key, KeyTable } from './keys.js';

/** New keys by the old one, by the lower-case title of the table. */
export type KeyMap = Readonly<Record<string, Readonly<Record<Key, readonly Key[]>>>>;

const everyTable = 'all';
const named: ReadonlySet<Key> = new Set(['space', 'enter', 'esc', 'tab', 'shift+tab', 'backspace', 'up', 'down', 'left', 'right', 'pageup', 'pagedown', 'home', 'end']);

/** What of the file can be used, and a sentence on each thing that cannot. */
export function parseKeyMap<S, M>(value: unknown, tables: readonly KeyTable<S, M>[]): { readonly map: KeyMap; readonly problems: readonly string[] } {
  const problems: string[] = [];
  if (value === null || value === undefined) return { map: {}, problems };
  if (!isGroup(value)) return { map: {}, problems: ['keys.yaml: write a table, and under it old: new, for example\nLive:\n  s: x'] };
  const titles = [...new Set(tables.map(({ title }) => title))];
  const parts = Object.entries(value).flatMap(([title, rows]) => {
    const meant = tables.filter((table) => title.toLowerCase() === everyTable || table.title.toLowerCase() === title.toLowerCase());
    if (meant.length === 0) return complain(`there is no part \`${title}\`: ${didYouMean(title, titles)}`);
    if (!isGroup(rows)) return complain(`${title}: write old: new, for example s: x`);
    return [[title.toLowerCase(), Object.fromEntries(Object.entries(rows).flatMap(([from, to]) => row({ title, from, to }, meant)))] as const];
  });
  return { map: Object.fromEntries(parts), problems };

  function complain(text: string): [] {
    problems.push(`keys.yaml: ${text}${text.endsWith('?') ? '' : '.'}`);
    return [];
  }

  function row({ title, from, to }: { readonly title: string; readonly from: string; readonly to: unknown }, meant: readonly KeyTable<S, M>[]): [Key, readonly Key[]][] {
    const bound = [...new Set(meant.flatMap(({ bindings }) => bindings.flatMap(({ keys }) => keys)))];
    const keys = (Array.isArray(to) ? to : [to]).map(String);
    const wrong = keys.find((key) => !isKey(key));
    if (!bound.includes(from)) return complain(`${title}: nothing is on \`${from}\` there; its keys are ${bound.join(' ')}`);
    if (wrong !== undefined) return complain(`${title}: \`${wrong}\` is no key: write a character, ctrl+ and a letter, or one of ${[...named].join(', ')}`);
    return [[from, keys]];
  }
}

/** The table with the keys of the map; those it says nothing of stay, but for one that the map gives to something else. */
export function remapped<S, M>(table: KeyTable<S, M>, map: KeyMap): KeyTable<S, M> {
  const rows = { ...map[everyTable], ...map[table.title.toLowerCase()] };
  if (Object.keys(rows).length === 0) return table;
  const given = new Set(table.bindings.flatMap(({ keys }) => keys.flatMap((key) => rows[key] ?? [])));
  const moved = (keys: readonly Key[]): Key[] => [...new Set(keys.flatMap((key) => rows[key] ?? (given.has(key) ? [] : [key])))];
  const bindings = table.bindings.map((binding): Binding<S, M> => ({ ...binding, keys: moved(binding.keys), ...(binding.hint ? { hint: moved(binding.hint) } : {}), act: (state, key) => binding.act(state, oldKey(binding.keys, key, rows)) }));
  return { ...table, bindings: bindings.filter(({ keys }) => keys.length > 0) };
}

/** What an action that asks which of its keys was pressed expects. */
function oldKey(keys: readonly Key[], pressed: Key, rows: Readonly<Record<Key, readonly Key[]>>): Key {
  return keys.find((key) => rows[key]?.includes(pressed)) ?? pressed;
}

function isKey(key: string): boolean {
  return named.has(key) || /^ctrl\+[a-z]$/.test(key) || ([...key].length === 1 && key > ' ');
}

function didYouMean(word: string, words: readonly string[]): string {
  const meant = nearest(word, words);
  return meant === null ? `the parts are ${words.join(', ')}` : `did you mean \`${meant}\`?`;
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
