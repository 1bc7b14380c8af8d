/**
 * Keys as tables. One table a pane drives dispatch, footer and help, so that the three cannot disagree:
 * the first binding of the first table that has the key, and whose `when` holds, acts.
 */
import type { Key as InkKey } from 'ink';

/** `j`, `G`, `space`, `enter`, `esc`, `tab`, `shift+tab`, `up`, `pagedown`, `ctrl+d`, … */
export type Key = string;

export interface Binding<State, Message> {
  readonly keys: readonly Key[];
  /** For the help: "stop and save the run". */
  readonly does: string;
  /** A word for the footer; bindings without one are in the help alone. */
  readonly short?: string;
  /** The keys that the footer shows beside it; the first one where this is missing. */
  readonly hint?: readonly Key[];
  readonly when?: (state: State) => boolean;
  readonly act: (state: State, key: Key) => Message | readonly Message[];
}

export interface KeyTable<State, Message> {
  readonly title: string;
  readonly bindings: readonly Binding<State, Message>[];
  /** Takes every printable character: a text is being typed. */
  readonly text?: (state: State, character: string) => Message | readonly Message[];
  /** Nothing below this table sees a key. */
  readonly modal?: boolean;
}

/** The messages of a key; empty where nothing is bound to it. */
export function dispatchKey<S, M>(tables: readonly KeyTable<S, M>[], state: S, key: Key): readonly M[] {
  for (const table of reachable(tables)) {
    const binding = validBindings(table, state).find(({ keys }) => keys.includes(key));
    if (binding) return several(binding.act(state, key));
    if (table.text && isPrintable(key)) return several(table.text(state, key === 'space' ? ' ' : key));
  }
  // A line feed is Enter where nobody has another use for it.
  return key === 'ctrl+j' ? dispatchKey(tables, state, 'enter') : [];
}

/** `[keys, word]` for the footer, in the order of the tables; a key that a table above has taken is not shown again. */
export function footerKeys<S, M>(tables: readonly KeyTable<S, M>[], state: S): (readonly [keys: readonly Key[], word: string])[] {
  const taken = new Set<Key>();
  const shown: (readonly [readonly Key[], string])[] = [];
  for (const table of reachable(tables)) {
    const bindings = validBindings(table, state);
    for (const { keys, short, hint } of bindings) if (short !== undefined && !taken.has(keys[0])) shown.push([hint ?? keys.slice(0, 1), short]);
    for (const { keys } of bindings) for (const key of keys) taken.add(key);
  }
  return shown;
}

export interface HelpSection {
  readonly title: string;
  readonly rows: readonly (readonly [keys: readonly Key[], does: string])[];
}

/** Every key that does something now, by table. */
export function helpSections<S, M>(tables: readonly KeyTable<S, M>[], state: S): HelpSection[] {
  return tables.map((table) => ({ title: table.title, rows: validBindings(table, state).map(({ keys, does }) => [keys, does] as const) })).filter(({ rows }) => rows.length > 0);
}

/** What Ink read, as key names; several where characters came in one piece, as they do when pasted or over a slow line. */
export function keysOf(input: string, key: InkKey): Key[] {
  const named = Object.entries(names).find(([field]) => key[field as keyof typeof names]);
  if (named) return [named[1] === 'tab' && key.shift ? 'shift+tab' : named[1]];
  if (input === '\n') return ['ctrl+j'];
  if (key.ctrl) return [`ctrl+${input}`];
  // Escape and the key after it, when both come in one piece, look like Alt.
  const typed = [...input].map((character) => controls[character] ?? (character < ' ' ? `ctrl+${String.fromCharCode(character.charCodeAt(0) + 96)}` : character));
  return key.meta ? ['esc', ...typed] : typed;
}

const names = {
  upArrow: 'up', downArrow: 'down', leftArrow: 'left', rightArrow: 'right', pageUp: 'pageup', pageDown: 'pagedown',
  home: 'home', end: 'end', return: 'enter', escape: 'esc', tab: 'tab', backspace: 'backspace', delete: 'backspace',
} as const satisfies Partial<Record<keyof InkKey, Key>>;

/** Characters inside a piece of several, which Ink does not name. */
const controls: Readonly<Record<string, Key>> = { ' ': 'space', '\r': 'enter', '\n': 'enter', '\t': 'tab', '\u007f': 'backspace', '\b': 'backspace' };

function reachable<S, M>(tables: readonly KeyTable<S, M>[]): readonly KeyTable<S, M>[] {
  const modal = tables.findIndex((table) => table.modal);
  return modal < 0 ? tables : tables.slice(0, modal + 1);
}

function validBindings<S, M>(table: KeyTable<S, M>, state: S): readonly Binding<S, M>[] {
  return table.bindings.filter((binding) => binding.when?.(state) ?? true);
}

function isPrintable(key: Key): boolean {
  return key === 'space' || ([...key].length === 1 && key >= ' ');
}

function several<M>(messages: M | readonly M[]): readonly M[] {
  return Array.isArray(messages) ? messages : [messages as M];
}
