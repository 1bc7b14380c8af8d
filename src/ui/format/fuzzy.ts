/** Fuzzy search as in fzf: the letters of a word in their order, the better the closer together and the nearer to starts of words. */

export interface FuzzyMatch {
  readonly score: number;
  /** Indices of the characters that matched, ascending. */
  readonly at: readonly number[];
}

/** Every word of the query in the text, in any case; null where one is missing. An empty query matches everything alike. */
export function fuzzyMatch(query: string, text: string): FuzzyMatch | null {
  const haystack = text.toLowerCase();
  let score = 0;
  const at = new Set<number>();
  for (const word of query.toLowerCase().split(/\s+/).filter((part) => part !== '')) {
    const found = matchWord(word, text, haystack);
    if (found === null) return null;
    score += found.score;
    for (const index of found.at) at.add(index);
  }
  return { score, at: [...at].sort((a, b) => a - b) };
}

/** The rows that match, the best first; as they came where the query is empty. */
export function fuzzyRows<Row>(rows: readonly Row[], query: string, textOf: (row: Row) => string): readonly Row[] {
  if (query.trim() === '') return rows;
  return rows
    .flatMap((row) => {
      const match = fuzzyMatch(query, textOf(row));
      return match === null ? [] : [{ row, score: match.score }];
    })
    .sort((a, b) => b.score - a.score)
    .map(({ row }) => row);
}

const points = { letter: 1, adjacent: 8, wordStart: 6, textStart: 3, skipped: -0.05 } as const;

/** A piece of the text as it is goes before letters that are spread. */
function matchWord(word: string, text: string, haystack: string): FuzzyMatch | null {
  const whole = wholeMatches(word, haystack).map((from) => scored(text, Array.from(word, (_, i) => from + i)));
  const best = whole.sort((a, b) => b.score - a.score).at(0);
  return best ?? spread(word, text, haystack);
}

function wholeMatches(word: string, haystack: string): number[] {
  const found: number[] = [];
  for (let from = haystack.indexOf(word); from >= 0; from = haystack.indexOf(word, from + 1)) found.push(from);
  return found;
}

/** From each place of the first letter on, the next places of the others; the best of them. Letters too far apart mean nothing. */
function spread(word: string, text: string, haystack: string): FuzzyMatch | null {
  let best: FuzzyMatch | null = null;
  for (const start of wholeMatches(word[0], haystack)) {
    const at = [start];
    for (let i = 1; i < word.length; i++) {
      const next = haystack.indexOf(word[i], at[i - 1] + 1);
      if (next < 0) break;
      at.push(next);
    }
    if (at.length < word.length || at[at.length - 1] - start > 4 * word.length + 8) continue;
    const match = scored(text, at);
    if (best === null || match.score > best.score) best = match;
  }
  return best;
}

function scored(text: string, at: readonly number[]): FuzzyMatch {
  const score = at.reduce((sum, index, i) => {
    const adjacent = i > 0 && index === at[i - 1] + 1 ? points.adjacent : 0;
    const start = index === 0 ? points.textStart + points.wordStart : startsWord(text, index) ? points.wordStart : 0;
    return sum + points.letter + adjacent + start;
  }, points.skipped * (at[at.length - 1] - at[0]));
  return { score, at };
}

function startsWord(text: string, index: number): boolean {
  return /[^\p{L}\p{N}]/u.test(text[index - 1]) || (/\p{Lu}/u.test(text[index]) && !/\p{Lu}/u.test(text[index - 1]));
}
