/** Rows of token ids, many in one flat array, each a window into it. */

/** The label of a token that is read but not learned, as in PyTorch's cross entropy. */
export const ignoredLabel = -100;

export interface EncodedRows {
  readonly length: number;
  /** Tokens of a row. A view: not to be written to. */
  tokens(row: number): Int32Array;
  /** The token itself where it is learned, else -100. Not shifted: `labels[t]` is predicted from `tokens[0 … t-1]`. */
  labels(row: number): Int32Array;
  tokenCount(row: number): number;
  /** Tokens of the row before it was cut to `max_length`. */
  fullLength(row: number): number;
  /** Where its text stood. */
  place(row: number): RowPlace;
  readonly totalTokens: number;
  /** Labels that count in the loss: all but -100 and a row's first token, which nothing predicts. */
  readonly totalLabels: number;
}

/** The file and the line, from 1, of a row's text; of a row that several documents share, that of the first and the last of that file. */
export interface RowPlace {
  readonly file: string;
  readonly line: number;
  readonly last_line: number;
}

/** Where the documents of a store begin and come from: document i is `[starts[i], starts[i + 1])`. */
export interface Sources {
  readonly starts: Float64Array;
  /** Index into `files`, and line. */
  readonly fileOf: Uint32Array;
  readonly lineOf: Uint32Array;
  readonly files: readonly string[];
}

/** Where rows keep their tokens: [N] ids, and for each 1 where it is learned. */
export interface TokenStore {
  readonly tokens: Int32Array;
  readonly trained: Uint8Array;
}

/** One row as a window into a store. */
export interface Window {
  readonly start: number;
  readonly count: number;
  readonly fullLength: number;
}

export class StoredRows implements EncodedRows {
  readonly length: number;
  readonly totalTokens: number;
  readonly totalLabels: number;
  readonly #store: TokenStore & Sources;
  readonly #starts: Float64Array;
  readonly #counts: Uint32Array;
  readonly #fullLengths: Uint32Array;

  constructor(store: TokenStore & Sources, windows: readonly Window[]) {
    this.length = windows.length;
    this.#store = store;
    this.#starts = Float64Array.from(windows, (window) => window.start);
    this.#counts = Uint32Array.from(windows, (window) => window.count);
    this.#fullLengths = Uint32Array.from(windows, (window) => window.fullLength);
    this.totalTokens = this.#counts.reduce((sum, count) => sum + count, 0);
    this.totalLabels = windows.reduce((sum, window) => sum + labelCount(store, window), 0);
  }

  tokens(row: number): Int32Array {
    const start = this.#starts[row];
    return this.#store.tokens.subarray(start, start + this.#counts[row]);
  }

  labels(row: number): Int32Array {
    const start = this.#starts[row];
    const labels = this.tokens(row).slice();
    for (let t = 0; t < labels.length; t++) if (!this.#store.trained[start + t]) labels[t] = ignoredLabel;
    return labels;
  }

  tokenCount(row: number): number {
    return this.#counts[row];
  }

  fullLength(row: number): number {
    return this.#fullLengths[row];
  }

  place(row: number): RowPlace {
    const { files, fileOf, lineOf } = this.#store;
    const first = this.#documentAt(this.#starts[row]);
    let last = this.#documentAt(this.#starts[row] + this.#counts[row] - 1);
    while (fileOf[last] !== fileOf[first]) last--;
    return { file: files[fileOf[first]], line: lineOf[first], last_line: lineOf[last] };
  }

  /** The document that has the token at `position` of the store. */
  #documentAt(position: number): number {
    const { starts } = this.#store;
    let low = 0;
    let high = starts.length - 1; // starts[low] ≤ position < starts[high]
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= position) low = middle;
      else high = middle;
    }
    return low;
  }
}

/** Labels of a window that count in the loss. */
export function labelCount(store: TokenStore, window: Pick<Window, 'start' | 'count'>): number {
  let count = 0;
  for (let t = 1; t < window.count; t++) count += store.trained[window.start + t];
  return count;
}
