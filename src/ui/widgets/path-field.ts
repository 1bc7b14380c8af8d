/** A path being typed, with what it may become. */
import { fieldOf, reduceField } from './field.js';
import type { Field, FieldAction } from './field.js';

/** One way to go on with a path: the whole text then (a folder ends with a slash), and what is new of it. */
export interface PathCompletion {
  readonly text: string;
  readonly name: string;
}

export interface PathField {
  readonly field: Field;
  /** Why it cannot be taken. */
  readonly error: string | null;
  readonly completions: readonly PathCompletion[];
}

export type PathAction =
  | { readonly type: 'type'; readonly action: FieldAction }
  /** For the text that was looked up; what has been typed since goes before. */
  | { readonly type: 'completions'; readonly text: string; readonly completions: readonly PathCompletion[] }
  | { readonly type: 'complete' }
  | { readonly type: 'refused'; readonly error: string };

export const emptyPath: PathField = { field: fieldOf(''), error: null, completions: [] };

export function reducePath(path: PathField, action: PathAction): PathField {
  switch (action.type) {
    case 'type': {
      const field = reduceField(path.field, action.action);
      return { field, error: null, completions: path.completions.filter(({ text }) => text.startsWith(field.text)) };
    }
    case 'completions':
      return action.text === path.field.text ? { ...path, completions: action.completions } : path;
    case 'complete':
      return completed(path);
    case 'refused':
      return { ...path, error: action.error };
  }
}

/** As a shell does: what all completions have in common, then the first of them whole. */
function completed(path: PathField): PathField {
  if (path.completions.length === 0) return path;
  const texts = path.completions.map(({ text }) => text);
  const common = texts.reduce(commonStart);
  const text = common.length > path.field.text.length ? common : texts[0];
  return { field: fieldOf(text), error: null, completions: path.completions.filter((each) => each.text.startsWith(text)) };
}

export function commonStart(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return a.slice(0, length);
}
