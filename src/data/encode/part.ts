/** A corpus is tokenised in parts, each a stretch of its rows: what is kept of one is all that is needed to go on after it. */
import { Faults } from '../faults.js';
import { Growing } from '../../util/growing.js';
import { joined } from './encode.js';
import type { RejectedRow, SourceRow } from '../source/row.js';
import { WeightList, type WeightRuns } from '../weights.js';

/** The next row: the number of its file, from 0, and how many rows of that file come before it. */
export interface ReadPosition {
  readonly file: number;
  readonly row: number;
}

export const start: ReadPosition = { file: 0, row: 0 };

export interface Part {
  readonly from: ReadPosition;
  readonly to: ReadPosition;
  /** Nothing comes after it. */
  readonly last: boolean;
  /** The tokens of its usable rows; and of each row [rows] how many they are, how many count in the loss, its file and its line. */
  readonly codes: Int32Array;
  readonly tokenCounts: Uint32Array;
  readonly labelCounts: Uint32Array;
  readonly fileOf: Uint32Array;
  readonly lineOf: Uint32Array;
  /** By token of the part. */
  readonly weights: WeightRuns | null;
  /** What the rule remembers of its rows. */
  readonly marks: Uint32Array;
  /** Rows looked at, and how many of them each rule of the filter left out. */
  readonly read: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly faults: Faults;
}

/** Where a row stands: the number of its file, its line (as `packedLine` has it), and its number among the rows of the part. */
export interface Place {
  readonly file: number;
  readonly line: number;
  readonly at: number;
}

/** A part as it comes: rows are looked at in their order, and what is made of them is added some time later. */
export class PartBuilder {
  readonly from: ReadPosition;
  /** Text of rows that were taken, in UTF-16 units. */
  units = 0;
  read = 0;
  readonly #dropped: Record<string, number> = {};
  readonly #faults = new Faults();
  readonly #rejected: { readonly at: number; readonly row: RejectedRow; readonly missing: string | null }[] = [];
  readonly #codes: Int32Array[] = [];
  readonly #tokenCounts = new Growing(Uint32Array);
  readonly #labelCounts = new Growing(Uint32Array);
  readonly #fileOf = new Growing(Uint32Array);
  readonly #lineOf = new Growing(Uint32Array);
  readonly #weights = new WeightList();

  constructor(from: ReadPosition) {
    this.from = from;
  }

  seen(row: SourceRow): void {
    this.#faults.seen(row);
  }

  drop(rule: string): void {
    this.#dropped[rule] = (this.#dropped[rule] ?? 0) + 1;
  }

  reject(at: number, row: RejectedRow, missing: string | null = null): void {
    this.#rejected.push({ at, row, missing });
  }

  /** `factors` are the weights of single tokens. */
  add({ file, line }: Place, codes: Int32Array, { labels, weight, factors }: { readonly labels: number; readonly weight: number; readonly factors: Float32Array | null }): void {
    if (factors === null) this.#weights.add(codes.length, weight);
    else for (const factor of factors) this.#weights.add(1, weight * factor);
    this.#codes.push(codes);
    this.#tokenCounts.add(codes.length);
    this.#labelCounts.add(labels);
    this.#fileOf.add(file);
    this.#lineOf.add(line);
  }

  finish({ to, last, marks }: Pick<Part, 'to' | 'last' | 'marks'>): Part {
    for (const { row, missing } of this.#rejected.sort((a, b) => a.at - b.at)) this.#faults.add(row, missing);
    return {
      from: this.from, to, last, marks, read: this.read, dropped: this.#dropped, faults: this.#faults,
      codes: joined(this.#codes), tokenCounts: this.#tokenCounts.take(), labelCounts: this.#labelCounts.take(),
      fileOf: this.#fileOf.take(), lineOf: this.#lineOf.take(), weights: this.#weights.take(),
    };
  }
}
