/** `@marked`, `@current`, `@live`, `@last`: runs that have no need to be named. */
import { UserError } from '../../util/errors.js';
import { standIns } from '../reference.js';
import type { Context } from './command.js';

type Finder = (context: Pick<Context, 'services' | 'place'>) => readonly string[];

export const references: Readonly<Record<string, { readonly note: string; readonly find: Finder }>> = {
  '@marked': { note: 'the marked runs', find: ({ place }) => place.marked() },
  '@current': { note: 'the run looked at', find: ({ place }) => [place.current()].filter((id) => id !== null) },
  ...Object.fromEntries(Object.entries(standIns).map(([word, { note, find }]) => [word, { note, find: ({ services }: Pick<Context, 'services'>) => find(services.reader).map(({ id }) => id) }])),
};

/** Throws a UserError where a reference stands for no run. */
export function expandReferences(words: readonly string[], context: Pick<Context, 'services' | 'place'>): string[] {
  return words.flatMap((word) => {
    if (!Object.hasOwn(references, word)) return [word];
    const ids = references[word].find(context);
    if (ids.length === 0) throw new UserError(word === '@marked' ? 'no run is marked: mark some with `mark <run>` (or Space on Runs)' : `${word} stands for no run: there is none`);
    return ids;
  });
}
