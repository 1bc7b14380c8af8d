/**
 * Padding-free micro-batches: the same documents in fewer, fuller rows, attention confined to each. TRL and axolotl lay all of
 * them out in one row, for a kernel that skips what attention may not see; here a row is paid for by its width, so there are
 * as many rows as make the least work.
 */
import { Heap } from '../../util/heap.js';

/** A row of the data: its tokens, and those of the text that it answers where an encoder reads one. */
export interface DocumentSize {
  readonly row: number;
  readonly tokens: number;
  readonly source: number;
}

/** Rows of a batch, each the documents that share it. */
export type DocumentRows = readonly (readonly DocumentSize[])[];

/** T of a batch whose longest row has so many tokens: a few sizes come again and again, so that engines meet the same shapes. */
export function batchWidth(longest: number): number {
  return Math.ceil(Math.max(1, longest) / 8) * 8;
}

/** T and S of a batch; S is 0 where no document has a source. */
export function widthsOf(rows: DocumentRows): { readonly T: number; readonly S: number } {
  let [T, S] = [0, 0];
  for (const documents of rows) {
    let [tokens, source] = [0, 0];
    for (const document of documents) {
      tokens += document.tokens;
      source += document.source;
    }
    [T, S] = [Math.max(T, tokens), Math.max(S, source)];
  }
  return { T: batchWidth(T), S: S === 0 ? 0 : batchWidth(S) };
}

/** What the scores of attention take of the memory of a step, beside what they take of its work: they are kept for every head. */
const scoresInMemory = 4;

/**
 * What B rows of W tokens, sources included, compute, in what the maps of a token cost:
 *   B·W·(1 + attention·W)
 * where `attention` is what attention to one token costs.
 */
export function workOf(rows: DocumentRows, attention: number): number {
  return work(rows.length, widthOf(rows), attention);
}

/** The same of memory, in what is kept of a token beside its scores. */
export function memoryOf(rows: DocumentRows, attention: number): number {
  return memory(rows.length, widthOf(rows), attention);
}

/** The same of B rows of T tokens and S of their sources. */
export function memoryOfExtent({ B, T, S = 0 }: { readonly B: number; readonly T: number; readonly S?: number }, attention: number): number {
  return memory(B, T + S, attention);
}

/** Counts of rows that are tried, those that promise the most first, and how many are told apart: enough for a thousand documents. */
const mostTried = 16;
const countsApart = 128;

/**
 * The documents of `given` in rows that compute less and take no more memory, nearly the least that rows can; as they are given where
 * nothing is gained. Documents stay in order within a row, and rows are in the order of their first.
 * O(n log n) in the documents, and one look at them where no other rows can be better.
 */
export function fillRows(given: DocumentRows, attention: number): DocumentRows {
  const documents = given.flat();
  const atMost = memoryOf(given, attention);
  let best = given;
  let least = workOf(given, attention);
  const promising = promisingCounts(documents, attention).filter(({ lowest, width, count }) => lowest < least && memory(count, width, attention) <= atMost);
  if (promising.length === 0) return given;
  const longestFirst = [...documents.keys()].sort((a, b) => sizeOf(documents[b]) - sizeOf(documents[a]) || a - b);
  for (const { count, lowest } of promising.sort((a, b) => a.lowest - b.lowest || a.count - b.count).slice(0, mostTried)) {
    if (lowest >= least) break;
    const rows = spread(documents, longestFirst, count);
    const computed = workOf(rows, attention);
    if (computed >= least || memoryOf(rows, attention) > atMost) continue;
    best = rows;
    least = computed;
  }
  return best;
}

/** For every count of rows, or of many documents every few, the width that they have at least, if they are all full, and the work of that. */
function promisingCounts(documents: readonly DocumentSize[], attention: number): { readonly count: number; readonly width: number; readonly lowest: number }[] {
  let [allTokens, longest, allSource, longestSource] = [0, 0, 0, 0];
  for (const { tokens, source } of documents) {
    [allTokens, longest] = [allTokens + tokens, Math.max(longest, tokens)];
    [allSource, longestSource] = [allSource + source, Math.max(longestSource, source)];
  }
  const step = Math.ceil(documents.length / countsApart);
  return Array.from({ length: Math.ceil(documents.length / step) }, (_, i) => {
    const count = 1 + i * step;
    const source = Math.max(longestSource, allSource / count);
    const width = batchWidth(Math.max(longest, allTokens / count)) + (source === 0 ? 0 : batchWidth(source));
    return { count, width, lowest: work(count, width, attention) };
  });
}

/**
 * Each document into the row that has the least so far, the longest first: at most 4/3 of the best width.
 *
 * Source: Graham, "Bounds on multiprocessing timing anomalies" (1969).
 */
function spread(documents: readonly DocumentSize[], longestFirst: readonly number[], count: number): DocumentRows {
  const filled = new Float64Array(count);
  const emptiest = new Heap<number>((a, b) => filled[a] < filled[b] || (filled[a] === filled[b] && a < b));
  for (let row = 0; row < count; row++) emptiest.push(row);
  const rowOf = new Uint32Array(documents.length);
  for (const place of longestFirst) {
    const row = emptiest.pop()!;
    rowOf[place] = row;
    filled[row] += sizeOf(documents[place]);
    emptiest.push(row);
  }
  const rows = new Map<number, DocumentSize[]>(); // in the order of their first
  for (const [place, document] of documents.entries()) {
    const row = rows.get(rowOf[place]);
    if (row === undefined) rows.set(rowOf[place], [document]);
    else row.push(document);
  }
  return [...rows.values()];
}

function widthOf(rows: DocumentRows): number {
  const { T, S } = widthsOf(rows);
  return T + S;
}

function work(rows: number, width: number, attention: number): number {
  return rows * width * (1 + attention * width);
}

function memory(rows: number, width: number, attention: number): number {
  return work(rows, width, scoresInMemory * attention);
}

function sizeOf({ tokens, source }: DocumentSize): number {
  return tokens + source;
}
