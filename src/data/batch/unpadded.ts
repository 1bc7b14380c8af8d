/**
 * Padding-free micro-batches: the same documents in fewer, fuller rows, attention confined to each. TRL and axolotl lay all of
 * them out in one row, for a kernel that skips what attention may not see; here a row is paid for by its width, so there are
 * as many rows as make the least work.
 */

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
  return workOf(rows, scoresInMemory * attention);
}

/**
 * The documents of `given` in the rows that compute the least and take no more memory; as they are given where nothing is
 * gained. Documents stay in order within a row, and rows are in the order of their first.
 */
export function fillRows(given: DocumentRows, attention: number): DocumentRows {
  const documents = given.flat();
  const longest = widthOf(documents.map((document) => [document]));
  const memory = memoryOf(given, attention);
  let best = given;
  let least = workOf(given, attention);
  const longestFirst = [...documents.keys()].sort((a, b) => sizeOf(documents[b]) - sizeOf(documents[a]) || a - b);
  // No row is narrower than the longest document: when even such rows are too much, so are all that are more.
  for (let count = 1; count <= documents.length && work(count, longest, attention) < least; count++) {
    const rows = spread(documents, longestFirst, count);
    if (memoryOf(rows, attention) > memory || workOf(rows, attention) >= least) continue;
    best = rows;
    least = workOf(rows, attention);
  }
  return best;
}

/**
 * Each document into the row that has the least so far, the longest first: at most 4/3 of the best width.
 *
 * Source: Graham, "Bounds on multiprocessing timing anomalies" (1969).
 */
function spread(documents: readonly DocumentSize[], longestFirst: readonly number[], count: number): DocumentRows {
  const filled = new Float64Array(count);
  const rowOf = new Uint32Array(documents.length);
  for (const place of longestFirst) {
    const least = filled.indexOf(Math.min(...filled));
    rowOf[place] = least;
    filled[least] += sizeOf(documents[place]);
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

function sizeOf({ tokens, source }: DocumentSize): number {
  return tokens + source;
}
