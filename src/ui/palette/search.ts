import { fuzzyRows } from '../format/fuzzy.js';
import type { PaletteItem } from './items.js';

/** What matches, the best first; all, in their order, for an empty needle. */
export function search(items: readonly PaletteItem[], needle: string): readonly PaletteItem[] {
  return fuzzyRows(items, needle, ({ kind, name, note }) => `${name} ${note} ${kind}`);
}
