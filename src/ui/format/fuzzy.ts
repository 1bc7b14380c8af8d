/** Fuzzy search: the letters of a word in their order, words in any (uFuzzy), what is written as it is before what is spread. */
import uFuzzy from '@leeoniya/ufuzzy';

/** Up to this many letters may lie between two that were typed. */
const between = 8;
const fuzzy = new uFuzzy({ unicode: true, interSplit: "[^\\p{L}\\p{N}']+", intraIns: between, intraChars: '[\\p{L}\\p{N}._/ \\-]' });

/** Orders of words that are tried, and matches that are ranked by their gaps: more than anybody reads. */
const wordOrders = 3;
const ranked = 20_000;

/** The rows that match, the best first; as they came where the query is empty. */
export function fuzzyRows<Row>(rows: readonly Row[], query: string, textOf: (row: Row) => string): readonly Row[] {
  const needle = query.trim().toLowerCase();
  if (needle === '') return rows;
  const texts = rows.map((row) => textOf(row).toLowerCase());
  const [found, info, order] = fuzzy.search(texts, needle, wordOrders, ranked);
  if (found === null) return [];
  const best = order === null || info === null ? found : order.map((i) => info.idx[i]);
  const wordStart = new RegExp(`(^|[^\\p{L}\\p{N}])${needle.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`, 'u');
  const rank = (text: string): number => [text.startsWith(needle), wordStart.test(text), text.includes(needle), true].indexOf(true);
  return best.map((i) => ({ row: rows[i], rank: rank(texts[i]) })).sort((a, b) => a.rank - b.rank).map(({ row }) => row);
}
