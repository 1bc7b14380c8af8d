/**
 * The order of the data. What comes next is a pure function of the settings and a position, so that a run
 * that goes on from a saved position sees the same batches as one that was never stopped, without a replay.
 */
import { z } from 'zod';
import { Random } from '../../util/random.js';
import { type Batch, collate } from './collate.js';
import { type BatchExtent, filledRows, type Filling, type Groups, largerExtent, longestBatch, type Members, survey, type Survey, tokensOf, worstExtent } from './extent.js';
import type { Layout } from './layout.js';
import { packFirstFit } from './pack.js';
import type { EncodedRows } from '../rows.js';

/** The next update: the epoch, from 0, and how many of its updates are done. Plain data, kept in checkpoints. */
export const loaderPositionSchema = z.strictObject({ epoch: z.int().min(0), index: z.int().min(0) }).readonly();
export type LoaderPosition = z.output<typeof loaderPositionSchema>;

export interface LoaderOptions extends Filling {
  readonly rows: EncodedRows;
  /** Rows of a micro-batch; packed rows count once. */
  readonly batchSize: number;
  /** Micro-batches of an update. */
  readonly accumulation: number;
  readonly seed: number;
  readonly shuffle: boolean;
  /** Batches of rows of about one length, so that little of them is padding. */
  readonly groupByLength: boolean;
  readonly packing: boolean;
  /** Room of a packed row in tokens. */
  readonly maxLength: number;
  readonly padId: number;
  readonly layout?: Layout;
  readonly position?: LoaderPosition;
}

/** Documents that a survey looks at: those of a small run, and of a large one enough to know what its batches are like. */
const surveyedDocuments = 1 << 16;

export interface UpdateBatch {
  readonly microBatches: readonly Batch[];
  /** The epoch these batches belong to, from 0. */
  readonly epoch: number;
  /** Where to go on after this update. */
  readonly position: LoaderPosition;
}

/**
 * Updates without end, epoch after epoch. As in Transformers, the last micro-batch of an epoch may hold
 * fewer rows, and what is left over at its end is an update of fewer micro-batches.
 */
export class Loader {
  /** Packed rows, or rows, of an epoch. */
  readonly groupCount: number;
  readonly updatesPerEpoch: number;
  readonly rows: EncodedRows;
  readonly #options: LoaderOptions;
  readonly #groups: Groups;
  #position: LoaderPosition;
  #order: { readonly epoch: number; readonly groups: Uint32Array } | null = null;
  #survey: { readonly updates: number; readonly found: Survey } | null = null;

  constructor(options: LoaderOptions) {
    const { rows, batchSize, accumulation, position = { epoch: 0, index: 0 } } = options;
    if (rows.length === 0) throw new Error('a loader needs at least one row');
    this.#options = options;
    this.rows = rows;
    this.#groups = groupRows(options);
    this.groupCount = this.#groups.count;
    this.updatesPerEpoch = updatesPerEpoch(this.groupCount, { batchSize, accumulation });
    if (position.index >= this.updatesPerEpoch) throw new Error(`position ${position.index} of an epoch of ${this.updatesPerEpoch} updates`);
    this.#position = position;
  }

  get position(): LoaderPosition {
    return this.#position;
  }

  /**
   * What the first so many updates come to, or as many as have 65536 documents. Padded rows are known to the worst that may meet
   * in a batch; where they are filled, the batches are looked at as they will be, and beside those one of the longest rows if that
   * is not all.
   */
  survey(updates: number): Survey {
    if (this.#survey?.updates === updates) return this.#survey.found;
    const { rows, batchSize, accumulation, pairs, attention = null } = this.#options;
    const looked = Math.min(updates, Math.ceil((surveyedDocuments * this.groupCount) / (rows.length * batchSize * accumulation)));
    const found = survey(rows, this.#givenOf(looked), { pairs, attention });
    const B = Math.min(batchSize, this.groupCount);
    const worst = worstExtent(rows, this.#groups, { B, pairs });
    const largest = attention === null ? worst : { ...(looked < updates ? largerExtent(found.largest, this.#longest(B, attention), attention) : found.largest), N: worst.N };
    this.#survey = { updates, found: { ...found, largest } };
    return this.#survey.found;
  }

  /** Of a batch of the B longest rows, filled. */
  #longest(B: number, attention: number): BatchExtent {
    const { rows, pairs } = this.#options;
    return survey(rows, [longestBatch(rows, this.#groups, B)], { pairs, attention }).largest;
  }

  /** What the update after it reads is fetched from the disk while this one is computed. */
  next(): UpdateBatch {
    const { epoch, index } = this.#position;
    const { rows, padId, layout } = this.#options;
    const microBatches = this.#given(this.#groupsOf(epoch, index)).map((given) => collate(rows, filledRows(rows, given, this.#options), { padId, layout, draw: ['epoch', epoch] }));
    this.#position = index + 1 < this.updatesPerEpoch ? { epoch, index: index + 1 } : { epoch: epoch + 1, index: 0 };
    for (const group of this.#groupsOf(epoch, index + 1)) for (const row of this.#groups.rowsOf(group)) rows.ahead(row);
    return { microBatches, epoch, position: this.#position };
  }

  /** The micro-batches of an update, rows as they come. */
  #given(order: Uint32Array): Members[] {
    const { batchSize } = this.#options;
    return Array.from({ length: Math.ceil(order.length / batchSize) }, (_, i) => Array.from(order.subarray(i * batchSize, (i + 1) * batchSize), (group) => this.#groups.rowsOf(group)));
  }

  /** Those of the first updates. */
  *#givenOf(updates: number): Iterable<Members> {
    for (let update = 0; update < updates; update++) yield* this.#given(this.#groupsOf(Math.floor(update / this.updatesPerEpoch), update % this.updatesPerEpoch));
  }

  /** Those of an update; none behind the last of an epoch. */
  #groupsOf(epoch: number, index: number): Uint32Array {
    const { batchSize, accumulation } = this.#options;
    return this.#orderOf(epoch).subarray(index * batchSize * accumulation, (index + 1) * batchSize * accumulation);
  }

  #orderOf(epoch: number): Uint32Array {
    if (this.#order?.epoch === epoch) return this.#order.groups;
    const groups = Uint32Array.from({ length: this.groupCount }, (_, i) => i);
    const { seed, shuffle, groupByLength, batchSize } = this.#options;
    if (shuffle) new Random(seed, 'order of epoch', epoch).shuffle(groups);
    if (groupByLength) sortByLength(groups, { batchSize, lengthOf: (group) => tokensOf(this.rows, this.#groups.rowsOf(group)), random: shuffle ? new Random(seed, 'order of batches', epoch) : null });
    this.#order = { epoch, groups };
    return groups;
  }
}

/** Batches that are sorted among each other: fewer would leave more padding, more would order an epoch by length. */
const sortedBatches = 50;

/**
 * Sorts stretches of `sortedBatches` batches by length and shuffles the whole batches, in place; what does not
 * fill a batch stays last. As Transformers' `group_by_length`, whose batches keep the order of their lengths.
 */
function sortByLength(order: Uint32Array, { batchSize, lengthOf, random }: { readonly batchSize: number; readonly lengthOf: (group: number) => number; readonly random: Random | null }): void {
  for (let from = 0; from < order.length; from += sortedBatches * batchSize) order.subarray(from, from + sortedBatches * batchSize).sort((a, b) => lengthOf(b) - lengthOf(a) || a - b);
  if (random === null) return;
  const batches = Uint32Array.from({ length: Math.floor(order.length / batchSize) }, (_, i) => i);
  random.shuffle(batches);
  const sorted = order.slice();
  for (const [to, from] of batches.entries()) order.set(sorted.subarray(from * batchSize, (from + 1) * batchSize), to * batchSize);
}

/** Updates of an epoch of so many rows, or packed rows. */
export function updatesPerEpoch(rows: number, { batchSize, accumulation }: Pick<LoaderOptions, 'batchSize' | 'accumulation'>): number {
  return Math.ceil(Math.ceil(rows / batchSize) / accumulation);
}

export interface EvalBatchOptions extends Filling {
  readonly batchSize: number;
  /** A batch ends before it has more labels than this; a row that has more is one of its own. */
  readonly maxLabels: number;
}

/** Batches of an evaluation: every row once, in order but for where they lie in a batch. */
export function* evalBatches(rows: EncodedRows, options: EvalBatchOptions & { readonly padId: number; readonly layout?: Layout }): Iterable<Batch> {
  for (const given of evalGroups(rows, options)) yield collate(rows, filledRows(rows, given, options), { ...options, draw: ['evaluation'] });
}

/** The extent of the batches of an evaluation. */
export function largestEvalBatch(rows: EncodedRows, options: EvalBatchOptions): BatchExtent {
  return survey(rows, evalGroups(rows, options), options).largest;
}

function* evalGroups(rows: EncodedRows, { batchSize, maxLabels }: EvalBatchOptions): Iterable<number[][]> {
  let groups: number[][] = [];
  let labels = 0;
  for (let row = 0; row < rows.length; row++) {
    const count = rows.labelCount(row);
    if (groups.length === batchSize || (groups.length > 0 && labels + count > maxLabels)) {
      yield groups;
      groups = [];
      labels = 0;
    }
    groups.push([row]);
    labels += count;
  }
  if (groups.length > 0) yield groups;
}

/** Drawn once a run; only the order of the groups changes by epoch. */
function groupRows({ rows, packing, shuffle, seed, maxLength }: LoaderOptions): Groups {
  if (!packing) return { count: rows.length, rowsOf: (row) => [row] };
  const order = Uint32Array.from({ length: rows.length }, (_, row) => row);
  if (shuffle) new Random(seed, 'packing').shuffle(order);
  const packed = packFirstFit(order, (row) => rows.tokenCount(row), maxLength);
  return { count: packed.length, rowsOf: (group) => packed[group] };
}
