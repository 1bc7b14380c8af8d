/** From an experiment's dataset to rows that are ready to be batched. */
import path from 'node:path';
import type { DatasetConfig, Experiment } from '../config/schema.js';
import { UserError } from '../util/errors.js';
import { Random } from '../util/random.js';
import { cachedDocuments, cacheKey, type CacheUse } from './cache/documents.js';
import { chunkDocuments, cutDocuments } from './cut.js';
import { type EncodedDocuments, encodeRows } from './encode.js';
import { type EncodedRows, StoredRows, type Window } from './rows.js';
import { readerOf, type Splits, splitsOf } from './source/files.js';
import type { ReadOptions, RejectedRow, SourceRow } from './source/row.js';
import { rowTemplate } from './template/formats.js';
import type { Tokenizer } from './tokenizer/index.js';

/** The part of an experiment that decides what the rows are. */
export interface DataSettings {
  readonly dataset: DatasetConfig;
  readonly stage: Experiment['stage'];
  readonly max_length: number;
  readonly train: Pick<Experiment['train'], 'seed'>;
}

export interface PreparedDataset {
  readonly train: EncodedRows;
  readonly eval: EncodedRows | null;
  /** Rows that could not be used, with the reason. */
  readonly rejected: readonly RejectedRow[];
  /** Rows longer than `max_length`, which were cut. */
  readonly cutRows: number;
  /** Whether the training rows came from the cache. */
  readonly cache: CacheUse;
}

export interface PrepareOptions {
  readonly cacheFolder: string;
  /** What relative paths are relative to; the working folder if not given. */
  readonly baseFolder?: string;
  /** False: only from the cache, and a NotTokenised where it is not in it. */
  readonly tokenise?: boolean;
}

/** The rows are not in the cache, and tokenising them was not asked for. */
export class NotTokenised extends Error {
  override readonly name = 'NotTokenised';
}

/** Reads, tokenises (or takes from the cache), cuts and splits; throws UserError where there is nothing to train on. */
export async function prepareDataset(settings: DataSettings, tokenizer: Tokenizer, options: PrepareOptions): Promise<PreparedDataset> {
  const { dataset } = settings;
  const load = splitLoader(settings, tokenizer, options);
  const trainFiles = splitsIn(dataset.path, options).train;
  if (trainFiles.length === 0) throw new UserError(`${dataset.path} has no files to train on: all of them are named as validation or test data`);
  const evalFiles = evaluationFiles(dataset, options);
  const train = await load(trainFiles);
  const held = evalFiles === null ? holdOut(train.cut.windows, dataset.val_size, settings.train.seed) : { train: train.cut.windows, eval: [] };
  const other = evalFiles === null ? null : await load(evalFiles);

  return {
    train: new StoredRows(train.documents, held.train),
    eval: evaluationRows(other, train.documents, held.eval),
    rejected: [train, other].flatMap((split) => (split ? [...split.documents.rejected, ...split.cut.rejected] : [])),
    cutRows: train.cut.cutRows + (other?.cut.cutRows ?? 0),
    cache: train.use,
  };
}

/** The rows to evaluate on, null where none are set apart; training rows are read only if these are held out of them. */
export async function prepareEvaluation(settings: DataSettings, tokenizer: Tokenizer, options: PrepareOptions): Promise<EncodedRows | null> {
  const files = evaluationFiles(settings.dataset, options);
  if (files === null) return settings.dataset.val_size > 0 ? (await prepareDataset(settings, tokenizer, options)).eval : null;
  const { documents, cut } = await splitLoader(settings, tokenizer, options)(files);
  return new StoredRows(documents, cut.windows);
}

interface LoadedSplit {
  readonly documents: EncodedDocuments;
  readonly use: CacheUse;
  readonly cut: ReturnType<typeof cutDocuments>;
}

/** Reads the files of one split. */
function splitLoader({ dataset, stage, max_length: maxLength }: DataSettings, tokenizer: Tokenizer, { cacheFolder, tokenise = true }: PrepareOptions): (files: readonly string[]) => Promise<LoadedSplit> {
  const template = rowTemplate(dataset, tokenizer);
  const everyToken = stage === 'pretrain';
  const reading: ReadOptions = { textColumn: dataset.columns['text'] ?? 'text', runningText: everyToken };
  const { format, columns, template: templateName, max_samples: maxRows } = dataset;
  const key = { format, columns, templateName, maxRows, stage, tokenizer: tokenizer.fingerprint };

  return async (files) => {
    const encode = () => {
      if (!tokenise) throw new NotTokenised(`${files.join(', ')} is not in ${cacheFolder}`);
      return encodeRows(files, readFiles(files, reading), { tokenizer, template, everyToken, maxRows });
    };
    const { documents, use } = await cachedDocuments(cacheFolder, await cacheKey(files, key), encode);
    const cut = everyToken ? chunkDocuments(documents, maxLength) : cutDocuments(documents, maxLength);
    if (cut.windows.length === 0) {
      throw new UserError(`no row of ${files.join(', ')} has anything to learn within max_length ${maxLength}; the first: ${cut.rejected[0]?.reason ?? 'the text is too short'}`);
    }
    return { documents, use, cut };
  };
}

async function* readFiles(files: readonly string[], options: ReadOptions): AsyncGenerator<SourceRow | RejectedRow> {
  for (const file of files) yield* readerOf(file)(file, options);
}

/** `eval` goes before `val_size`, which goes before a validation split that the folder happens to have; null where there is none of its own. */
function evaluationFiles({ path: place, eval: named, val_size: size }: DatasetConfig, options: PrepareOptions): readonly string[] | null {
  if (named !== null) {
    const splits = splitsIn(named, options);
    return [splits.validation, splits.test, splits.train].find((files) => files.length > 0) ?? [];
  }
  if (size > 0) return null;
  const { validation } = splitsIn(place, options);
  return validation.length > 0 ? validation : null;
}

function splitsIn(place: string, { baseFolder = '.' }: PrepareOptions): Splits {
  return splitsOf(path.resolve(baseFolder, place));
}

function evaluationRows(other: { documents: EncodedDocuments; cut: { windows: readonly Window[] } } | null, store: EncodedDocuments, held: readonly Window[]): EncodedRows | null {
  if (other) return new StoredRows(other.documents, other.cut.windows);
  return held.length > 0 ? new StoredRows(store, held) : null;
}

/** Draws rows for evaluation, the same for the same seed; both parts keep the order of the file. */
export function holdOut<T>(rows: readonly T[], size: number, seed: number): { train: T[]; eval: T[] } {
  const count = heldOutRows(size, rows.length);
  if (count >= rows.length) throw new UserError(`dataset.val_size ${size} would hold out ${count} of ${rows.length} rows and leave none to train on; lower it`);
  const order = Uint32Array.from(rows, (_, i) => i);
  new Random(seed, 'validation split').shuffle(order);
  const held = new Set(order.subarray(0, count));
  return { train: rows.filter((_, i) => !held.has(i)), eval: rows.filter((_, i) => held.has(i)) };
}

/** How many of so many rows `val_size` holds out, a share or a count, as in sklearn's train_test_split. */
export function heldOutRows(size: number, rows: number): number {
  return size < 1 ? Math.ceil(size * rows) : Math.floor(size);
}
