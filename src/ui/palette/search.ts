/** Fuzzy search by uFuzzy: letters in their order, words in any, the best first. */
import uFuzzy from '@leeoniya/ufuzzy';
import type { PaletteItem } from './items.js';

/** Up to this many letters may lie between two that were typed. */
const fuzzy = new uFuzzy({ intraIns: 8, intraChars: '[\\w.\\-/ ]' });

/** All of them, in their order, for an empty needle. */
export function search(items: readonly PaletteItem[], needle: string): readonly PaletteItem[] {
  if (needle.trim() === '') return items;
  const haystack = items.map(({ kind, name, note }) => `${name} ${note} ${kind}`);
  // Words in any order, up to three of them; all matches are ranked as long as they are few enough to be read.
  const [found, info, order] = fuzzy.search(haystack, needle.trim(), 3, 20_000);
  if (found === null) return [];
  if (order === null || info === null) return found.map((i) => items[i]);
  const ranked = order.map((i) => items[info.idx[i]]);
  const wanted = needle.trim().toLowerCase();
  const begins = (item: PaletteItem): boolean => item.name.toLowerCase().startsWith(wanted);
  return [...ranked.filter(begins), ...ranked.filter((item) => !begins(item))];
}
