/** Which rows of which sets are learned from, how often, and which are held out. */
import { UserError } from '../util/errors.js';
import { Random } from '../util/random.js';
import type { EncodedRows, RowPlace } from './rows.js';

/** Which rows of which sets, in order. */
export interface Choice {
  readonly setOf: Uint16Array;
  readonly rowOf: Uint32Array;
}

export function allRows(sets: readonly EncodedRows[]): Choice {
  const length = sets.reduce((sum, set) => sum + set.length, 0);
  const choice = { setOf: new Uint16Array(length), rowOf: new Uint32Array(length) };
  let at = 0;
  for (const [s, set] of sets.entries()) {
    choice.setOf.fill(s, at, at + set.length);
    for (let row = 0; row < set.length; row++) choice.rowOf[at++] = row;
  }
  return choice;
}

function pick({ setOf, rowOf }: Choice, at: Uint32Array): Choice {
  return { setOf: Uint16Array.from(at, (i) => setOf[i]), rowOf: Uint32Array.from(at, (i) => rowOf[i]) };
}

/** Rows of weight 2 come twice; of weight 0.5, half of them, drawn by seed, come at all. */
export function weighted(choice: Choice, weights: readonly number[], seed: number): Choice {
  if (weights.every((weight) => weight === 1)) return choice;
  const places: number[] = [];
  for (const [set, weight] of weights.entries()) {
    const own: number[] = [];
    choice.setOf.forEach((of, i) => of === set && own.push(i));
    const order = Uint32Array.from(own);
    new Random(seed, 'weight of set', set).shuffle(order);
    const total = Math.max(1, Math.round(weight * own.length));
    for (let i = 0; i < total; i++) places.push(order[i % order.length]);
  }
  return pick(choice, Uint32Array.from(places).sort());
}

/** Draws rows for evaluation, the same for the same seed; both parts keep the order of the files. */
export function holdOut(rows: Choice, size: number, seed: number): { train: Choice; eval: Choice } {
  const all = rows.rowOf.length;
  const count = heldOutRows(size, all);
  if (count >= all) throw new UserError(`dataset.val_size ${size} would hold out ${count} of ${all} rows and leave none to train on; lower it`);
  const order = Uint32Array.from({ length: all }, (_, i) => i);
  new Random(seed, 'validation split').shuffle(order);
  return { train: pick(rows, order.slice(count).sort()), eval: pick(rows, order.slice(0, count).sort()) };
}

/** So many of the rows, the same for the same seed and in their order; all where there are no more, or no number is given. */
export function drawn(rows: Choice, most: number | null, seed: number): Choice {
  const all = rows.rowOf.length;
  if (most === null || all <= most) return rows;
  const order = Uint32Array.from({ length: all }, (_, i) => i);
  new Random(seed, 'evaluation rows').shuffle(order);
  return pick(rows, order.slice(0, most).sort());
}

/** How many of so many rows `val_size` holds out, a share or a count, as in sklearn's train_test_split. */
export function heldOutRows(size: number, rows: number): number {
  return size < 1 ? Math.ceil(size * rows) : Math.floor(size);
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
  constructor(sets: readonly EncodedRows[], { setOf, rowOf, names }: Choice & { readonly names: readonly string[] }) {
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
