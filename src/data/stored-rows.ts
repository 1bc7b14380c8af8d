/** Many rows in one store of tokens, each a window into it. */
import { idOf, labelOf, type TokenStore } from './codes.js';
import type { EncodedRows, RowPlace } from './rows.js';
import type { RowAt } from './source/row.js';
import { weightsIn, type WeightRuns } from './weights.js';

/** Where the documents of a store begin and come from, and what they weigh: document i is `[starts[i], starts[i + 1])`. */
export interface Sources {
  readonly starts: Float64Array;
  /** Index into `files`, and line, or number of the row, as `packedLine` has it. */
  readonly fileOf: Uint32Array;
  readonly lineOf: Uint32Array;
  readonly files: readonly string[];
  /** Null where every token weighs 1. */
  readonly weights: WeightRuns | null;
}

const countedBit = 2 ** 31;

/** A line below 2³¹; where it counts rows, the highest bit of 32 is set. */
export function packedLine({ line, counted }: Pick<RowAt, 'line' | 'counted'>): number {
  return counted ? line + countedBit : line;
}

export function unpackedLine(packed: number): Pick<RowAt, 'line' | 'counted'> {
  return packed < countedBit ? { line: packed } : { line: packed - countedBit, counted: true };
}

/** Rows as windows: row i is `count` tokens from `start`, of which `gap` are left out after the first `head`. */
export interface Windows {
  readonly length: number;
  readonly starts: Float64Array;
  readonly counts: Uint32Array;
  readonly heads: Uint32Array;
  readonly gaps: Uint32Array;
  readonly fullLengths: Uint32Array;
  readonly labelCounts: Uint32Array;
}

export class StoredRows implements EncodedRows {
  readonly length: number;
  readonly totalTokens: number;
  readonly totalLabels: number;
  readonly #store: TokenStore;
  readonly #windows: Windows;
  readonly #sources: Sources;

  constructor(store: TokenStore, windows: Windows, sources: Sources) {
    this.length = windows.length;
    this.totalTokens = sum(windows.counts);
    this.totalLabels = sum(windows.labelCounts);
    this.#store = store;
    this.#windows = windows;
    this.#sources = sources;
  }

  tokens(row: number): Int32Array {
    return this.#codes(row).map(idOf);
  }

  labels(row: number): Int32Array {
    return this.#codes(row).map(labelOf);
  }

  weights(row: number): Float32Array | null {
    const { weights } = this.#sources;
    if (weights === null) return null;
    const { starts, counts, heads, gaps } = this.#windows;
    const all = weightsIn(weights, starts[row], counts[row] + gaps[row]);
    all.copyWithin(heads[row], heads[row] + gaps[row]);
    return all.subarray(0, counts[row]);
  }

  ahead(row: number): void {
    const { starts, counts, gaps } = this.#windows;
    this.#store.ahead(starts[row], counts[row] + gaps[row]);
  }

  factor(): null {
    return null;
  }

  tokenCount(row: number): number {
    return this.#windows.counts[row];
  }

  labelCount(row: number): number {
    return this.#windows.labelCounts[row];
  }

  fullLength(row: number): number {
    return this.#windows.fullLengths[row];
  }

  place(row: number): RowPlace {
    const { files, fileOf, lineOf } = this.#sources;
    const { starts, counts, gaps } = this.#windows;
    const first = this.#documentAt(starts[row]);
    let last = this.#documentAt(starts[row] + counts[row] + gaps[row] - 1);
    while (fileOf[last] !== fileOf[first]) last--;
    const { line, counted } = unpackedLine(lineOf[first]);
    return { file: files[fileOf[first]], line, last_line: unpackedLine(lineOf[last]).line, ...(counted && { counted }) };
  }

  setName(): null {
    return null;
  }

  /** Of memory. */
  get heldBytes(): number {
    const { starts, fileOf, lineOf, weights } = this.#sources;
    const columns = [...Object.values(this.#windows).filter((column) => typeof column !== 'number'), starts, fileOf, lineOf, ...Object.values(weights ?? {})];
    return this.#store.heldBytes + columns.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** The document that has the token at `position` of the store. */
  #documentAt(position: number): number {
    const { starts } = this.#sources;
    let low = 0;
    let high = starts.length - 1; // starts[low] ≤ position < starts[high]
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= position) low = middle;
      else high = middle;
    }
    return low;
  }

  #codes(row: number): Int32Array {
    const { starts, counts, heads, gaps } = this.#windows;
    const [start, count, head] = [starts[row], counts[row], heads[row]];
    if (gaps[row] === 0) return this.#store.read(start, count);
    const codes = new Int32Array(count);
    codes.set(this.#store.read(start, head));
    codes.set(this.#store.read(start + head + gaps[row], count - head), head);
    return codes;
  }
}

function sum(values: Uint32Array): number {
  return values.reduce((total, value) => total + value, 0);
}
