/** Encoded documents: what is known of them beside their tokens, put together from parts. */
import { UserError } from '../../util/errors.js';
import { formatCount } from '../../util/format.js';
import { Faults, namesOf } from '../faults.js';
import { droppedText } from '../filter/filter.js';
import { Growing } from '../../util/growing.js';
import { type Part, type ReadPosition, start } from './part.js';
import { largestId, type TokenStore } from '../codes.js';
import type { Sources } from '../stored-rows.js';
import type { RejectedRow } from '../source/row.js';
import { WeightList } from '../weights.js';

export interface DocumentIndex extends Sources {
  /** Labels of each row that count in its loss. */
  readonly labelCounts: Uint32Array;
  /** The first rows that could not be used, and how many there are. */
  readonly rejected: readonly RejectedRow[];
  readonly rejectedCount: number;
  /** Rows looked at, and how many of them each rule of the filter left out. */
  readonly read: number;
  readonly dropped: Readonly<Record<string, number>>;
}

export interface EncodedDocuments extends DocumentIndex {
  readonly tokens: TokenStore;
}

/** The index of all parts so far; 20 bytes a row. */
export class Gathered {
  position: ReadPosition = start;
  read = 0;
  /** The largest id of all tokens. */
  largest = 0;
  readonly #dropped: Record<string, number> = {};
  readonly #faults = new Faults();
  readonly #starts = new Growing(Float64Array);
  readonly #labelCounts = new Growing(Uint32Array);
  readonly #fileOf = new Growing(Uint32Array);
  readonly #lineOf = new Growing(Uint32Array);
  readonly #weights = new WeightList();
  #tokens = 0;

  /** Usable rows. */
  get rows(): number {
    return this.#lineOf.length;
  }

  /** The part that begins where these end. */
  add(part: Part): void {
    this.position = part.to;
    this.read += part.read;
    for (const [rule, count] of Object.entries(part.dropped)) this.#dropped[rule] = (this.#dropped[rule] ?? 0) + count;
    this.#faults.join(part.faults);
    for (const count of part.tokenCounts) {
      this.#starts.add(this.#tokens);
      this.#tokens += count;
    }
    this.#labelCounts.push(part.labelCounts);
    this.#fileOf.push(part.fileOf);
    this.#lineOf.push(part.lineOf);
    this.#weights.join(part.weights, part.codes.length);
    this.largest = Math.max(this.largest, largestId(part.codes));
  }

  /** Throws UserError when not one row can be used. */
  index(files: readonly string[]): DocumentIndex {
    const { rows: rejected, count: rejectedCount } = this.#faults;
    if (this.rows === 0) {
      if (Object.keys(this.#dropped).length === 0) throw this.#faults.error(files);
      throw new UserError(`the filter keeps none of the ${formatCount(this.read)} rows of ${namesOf(files)} (${droppedText(this.#dropped)}): loosen dataset.filter`);
    }
    const starts = new Float64Array(this.rows + 1);
    starts.set(this.#starts.take());
    starts[this.rows] = this.#tokens;
    return {
      starts, labelCounts: this.#labelCounts.take(), fileOf: this.#fileOf.take(), lineOf: this.#lineOf.take(),
      weights: this.#weights.take(), files, rejected, rejectedCount, read: this.read, dropped: this.#dropped,
    };
  }
}
