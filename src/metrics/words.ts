/** What measures of text count. */

/** Scripts that are written without spaces, a word or part of one a sign: each is a word of its own here. */
const sign = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]`;
const word = new RegExp(String.raw`${sign}|(?:(?!${sign})[\p{L}\p{M}\p{N}])+`, 'gu');

/**
 * The words of a text in lower case, without punctuation. Of English those of Google's rouge_score (without its stemmer), which
 * knows only a–z and 0–9; letters of other scripts are letters here, and Chinese and Japanese signs words of their own.
 */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(word) ?? [];
}

/** How often each run of `n` words comes in a list of them. */
export function ngramCounts(words: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let at = 0; at + n <= words.length; at++) {
    const gram = words.slice(at, at + n).join(' ');
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

/** Σ over runs of min(count in a, count in b). */
export function sharedCount(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let shared = 0;
  for (const [gram, count] of a) shared += Math.min(count, b.get(gram) ?? 0);
  return shared;
}
