/** Rows of token ids, many in one store, each a window into it. */
import type { RowAt } from './source/row.js';
import { weightsIn, type WeightRuns } from './weights.js';

/** The label of a token that is read but not learned, as in PyTorch's cross entropy. */
export const ignoredLabel = -100;

export interface EncodedRows {
  readonly length: number;
  tokens(row: number): Int32Array;
  /** The token itself where it is learned, else -100. Not shifted: `labels[t]` is predicted from `tokens[0 … t-1]`. */
  labels(row: number): Int32Array;
  /** How much each token counts in the loss where it is a label; null: all the same. */
  weights(row: number): Float32Array | null;
  /** What the mean loss of the row is multiplied by, where rows count as one each; null: every label counts for itself. */
  factor(row: number): number | null;
  /** The row will be read soon: where it lies on a disk it is fetched from now on, and nobody waits for it. */
  ahead(row: number): void;
  tokenCount(row: number): number;
  /** Labels that count in the loss: all but -100 and a row's first token, which nothing predicts. */
  labelCount(row: number): number;
  /** Tokens of the row before it was cut to `max_length`. */
  fullLength(row: number): number;
  /** Where its text stood. */
  place(row: number): RowPlace;
  /** Which set of a mixture it is from; null where there is only one. */
  setName(row: number): string | null;
  /** Of all rows. */
  readonly totalTokens: number;
  readonly totalLabels: number;
}

/** Where a row's text stands; of a row that several documents share, the first and the last of that file. */
export interface RowPlace extends RowAt {
  readonly last_line: number;
}

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

/**
 * Tokens as they are kept, one number each: the id where it is learned, its complement `~id` (which is
 * negative) where it is only read.
 */
export interface TokenStore {
  readonly length: number;
  /** Bytes of memory that they take. */
  readonly heldBytes: number;
  /** Of `[start, start + count)`. Not to be written to. */
  read(start: number, count: number): Int32Array;
  /** Of what will be read soon. */
  ahead(start: number, count: number): void;
}

export function kept(id: number, trained: boolean): number {
  return trained ? id : ~id;
}

export function idOf(code: number): number {
  return code < 0 ? ~code : code;
}

export function largestId(codes: Int32Array): number {
  return codes.reduce((largest, code) => Math.max(largest, idOf(code)), 0);
}

function labelOf(code: number): number {
  return code < 0 ? ignoredLabel : code;
}

export function isLearned(code: number): boolean {
  return code >= 0;
}

/** Of these tokens as a row of their own. */
export function labelsAmong(codes: Int32Array): number {
  let count = 0;
  for (let t = 1; t < codes.length; t++) count += Number(isLearned(codes[t]));
  return count;
}

/** Tokens in memory. */
export class HeldTokens implements TokenStore {
  readonly length: number;
  readonly #codes: Int32Array;

  constructor(codes: Int32Array) {
    this.length = codes.length;
    this.#codes = codes;
  }

  get heldBytes(): number {
    return this.#codes.byteLength;
  }

  read(start: number, count: number): Int32Array {
    return this.#codes.subarray(start, start + count);
  }

  ahead(): void {
    // they are there
  }
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

/** Some rows of one or several sets, in any order, and as often as wanted. */
export class ChosenRows implements EncodedRows {
  readonly length: number;
  readonly totalTokens: number;
  readonly totalLabels: number;
  readonly #sets: readonly EncodedRows[];
  readonly #setOf: Uint16Array;
  readonly #rowOf: Uint32Array;
  readonly #names: readonly string[];

  /** Row i is row `rowOf[i]` of set `setOf[i]`. */
  constructor(sets: readonly EncodedRows[], { setOf, rowOf, names }: { readonly setOf: Uint16Array; readonly rowOf: Uint32Array; readonly names: readonly string[] }) {
    this.length = rowOf.length;
    this.#sets = sets;
    this.#names = names;
    this.#setOf = setOf;
    this.#rowOf = rowOf;
    this.totalTokens = this.#total((set, row) => set.tokenCount(row));
    this.totalLabels = this.#total((set, row) => set.labelCount(row));
  }

  tokens(row: number): Int32Array {
    return this.#set(row).tokens(this.#rowOf[row]);
  }

  labels(row: number): Int32Array {
    return this.#set(row).labels(this.#rowOf[row]);
  }

  weights(row: number): Float32Array | null {
    return this.#set(row).weights(this.#rowOf[row]);
  }

  ahead(row: number): void {
    this.#set(row).ahead(this.#rowOf[row]);
  }

  factor(row: number): number | null {
    return this.#set(row).factor(this.#rowOf[row]);
  }

  tokenCount(row: number): number {
    return this.#set(row).tokenCount(this.#rowOf[row]);
  }

  labelCount(row: number): number {
    return this.#set(row).labelCount(this.#rowOf[row]);
  }

  fullLength(row: number): number {
    return this.#set(row).fullLength(this.#rowOf[row]);
  }

  place(row: number): RowPlace {
    return this.#set(row).place(this.#rowOf[row]);
  }

  setName(row: number): string | null {
    return this.#sets.length > 1 ? this.#names[this.#setOf[row]] : null;
  }

  #set(row: number): EncodedRows {
    return this.#sets[this.#setOf[row]];
  }

  #total(of: (set: EncodedRows, row: number) => number): number {
    let total = 0;
    for (let row = 0; row < this.length; row++) total += of(this.#set(row), this.#rowOf[row]);
    return total;
  }
}

function sum(values: Uint32Array): number {
  return values.reduce((total, value) => total + value, 0);
}
