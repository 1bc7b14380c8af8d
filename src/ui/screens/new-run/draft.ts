/** The experiment being written: shaped like one, but free to be wrong while it is edited. */
export type Draft = Readonly<Record<string, unknown>>;

export function valueAt(draft: Draft, key: string): unknown {
  return key.split('.').reduce<unknown>((at, part) => (isGroup(at) ? at[part] : undefined), draft);
}

/** A copy with the value of one dotted key. */
export function withValue(draft: Draft, key: string, value: unknown): Draft {
  const [first, ...rest] = key.split('.');
  if (rest.length === 0) return { ...draft, [first]: value };
  const inner = draft[first];
  return { ...draft, [first]: withValue(isGroup(inner) ? inner : {}, rest.join('.'), value) };
}

/** What the rows of one file are called: nothing of it holds for another. */
const ofOneFile = ['dataset.format', 'dataset.columns', 'dataset.tags', 'dataset.name', 'dataset.weight_column'] as const;

/** Another dataset, with its format as guessed; an entry, columns and tags that were named for the one before are as in `defaults` again, and other entries of its folder are mixed in no more. */
export function withDataset(draft: Draft, { path, guess }: { readonly path: string; readonly guess: string | null }, defaults: Draft): Draft {
  if (path === textAt(draft, 'dataset.path')) return draft;
  const chosen = ofOneFile.reduce((next, key) => withValue(next, key, valueAt(defaults, key)), withValue(withValue(draft, 'dataset.path', path), 'dataset.mix', withoutEntries(valueAt(draft, 'dataset.mix'))));
  return guess === null ? chosen : withValue(chosen, 'dataset.format', guess);
}

function withoutEntries(mix: unknown): unknown {
  return Array.isArray(mix) ? mix.filter((set: unknown) => isGroup(set) && typeof set.path === 'string') : mix;
}

/** A text at a key; empty where there is none. */
export function textAt(draft: Draft, key: string): string {
  const value = valueAt(draft, key);
  return typeof value === 'string' ? value : '';
}

function isGroup(value: unknown): value is Draft {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
