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
  readonly totalTokens: number;
  /** Labels that count in the loss: all but -100 and a row's first token, which nothing predicts. */
  readonly totalLabels: number;
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
  readonly #store: TokenStore;
  readonly #starts: Float64Array;
  readonly #counts: Uint32Array;
  readonly #fullLengths: Uint32Array;

  constructor(store: TokenStore, windows: readonly Window[]) {
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
}

/** Labels of a window that count in the loss. */
export function labelCount(store: TokenStore, window: Pick<Window, 'start' | 'count'>): number {
  let count = 0;
  for (let t = 1; t < window.count; t++) count += store.trained[window.start + t];
  return count;
}
