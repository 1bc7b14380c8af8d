/** From an experiment's dataset to rows that are ready to be batched. */
import path from 'node:path';
import type { DatasetConfig, Experiment } from '../config/schema.js';
import { UserError } from '../util/errors.js';
import { Random } from '../util/random.js';
import { cachedDocuments, cacheKey, type CacheUse } from './cache/documents.js';
import { chunkDocuments, cutDocuments } from './cut.js';
import { type EncodedDocuments, encodeRows } from './encode.js';
import { type EncodedRows, StoredRows, type TokenStore, type Window } from './rows.js';
import { readerOf, splitsOf } from './source/files.js';
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
  /** Ids of all tokens that labels are made of (format `classification`), in ascending order. */
  readonly labelWords?: readonly number[];
  /** Whether the training rows came from the cache. */
  readonly cache: CacheUse;
}

export interface PrepareOptions {
  readonly cacheFolder: string;
  /** What relative paths are relative to; the working folder if not given. */
  readonly baseFolder?: string;
}

/** Reads, tokenises (or takes from the cache), cuts and splits; throws UserError where there is nothing to train on. */
export async function prepareDataset(settings: DataSettings, tokenizer: Tokenizer, { cacheFolder, baseFolder = '.' }: PrepareOptions): Promise<PreparedDataset> {
  const { dataset, stage, max_length: maxLength } = settings;
  const template = rowTemplate(dataset, tokenizer);
  const everyToken = stage === 'pretrain';
  const reading: ReadOptions = { textColumn: dataset.columns['text'] ?? 'text', runningText: everyToken };
  const { format, columns, template: templateName, max_samples: maxRows } = dataset;
  const key = { format, columns, templateName, maxRows, stage, tokenizer: tokenizer.fingerprint };

  const load = async (files: readonly string[]) => {
    const encode = () => encodeRows(files, readFiles(files, reading), { tokenizer, template, everyToken, maxRows });
    const { documents, use } = await cachedDocuments(cacheFolder, await cacheKey(files, key), encode);
    const cut = everyToken ? chunkDocuments(documents, maxLength) : cutDocuments(documents, maxLength);
    if (cut.windows.length === 0) {
      throw new UserError(`no row of ${files.join(', ')} has anything to learn within max_length ${maxLength}; the first: ${cut.rejected[0]?.reason ?? 'the text is too short'}`);
    }
    return { documents, use, cut };
  };
  const { train: trainFiles, validation } = splitsOf(path.resolve(baseFolder, dataset.path));
  if (trainFiles.length === 0) throw new UserError(`${dataset.path} has no files to train on: all of them are named as validation or test data`);
  const evalFiles = evaluationFiles(dataset, validation, baseFolder);
  const train = await load(trainFiles);
  const held = evalFiles === null ? holdOut(train.cut.windows, dataset.val_size, settings.train.seed) : { train: train.cut.windows, eval: [] };
  const other = evalFiles === null ? null : await load(evalFiles);

  return {
    train: new StoredRows(train.documents, held.train),
    eval: evaluationRows(other, train.documents, held.eval),
    rejected: [train, other].flatMap((split) => (split ? [...split.documents.rejected, ...split.cut.rejected] : [])),
    cutRows: train.cut.cutRows + (other?.cut.cutRows ?? 0),
    ...(format === 'classification' ? { labelWords: labelTokens(train.documents) } : {}),
    cache: train.use,
  };
}

async function* readFiles(files: readonly string[], options: ReadOptions): AsyncGenerator<SourceRow | RejectedRow> {
  for (const file of files) yield* readerOf(file)(file, options);
}

/** `eval` goes before `val_size`, which goes before a validation split that the folder happens to have. */
function evaluationFiles({ eval: named, val_size: size }: DatasetConfig, validation: readonly string[], baseFolder: string): readonly string[] | null {
  if (named !== null) {
    const splits = splitsOf(path.resolve(baseFolder, named));
    return [splits.validation, splits.test, splits.train].find((files) => files.length > 0) ?? [];
  }
  return size === 0 && validation.length > 0 ? validation : null;
}

function evaluationRows(other: { documents: EncodedDocuments; cut: { windows: readonly Window[] } } | null, store: TokenStore, held: readonly Window[]): EncodedRows | null {
  if (other) return new StoredRows(other.documents, other.cut.windows);
  return held.length > 0 ? new StoredRows(store, held) : null;
}

/** Draws rows for evaluation, the same for the same seed; both parts keep the order of the file. */
export function holdOut<T>(rows: readonly T[], size: number, seed: number): { train: T[]; eval: T[] } {
  const count = size < 1 ? Math.ceil(size * rows.length) : Math.floor(size); // as sklearn's train_test_split
  if (count >= rows.length) throw new UserError(`dataset.val_size ${size} would hold out ${count} of ${rows.length} rows and leave none to train on; lower it`);
  const order = Uint32Array.from(rows, (_, i) => i);
  new Random(seed, 'validation split').shuffle(order);
  const held = new Set(order.subarray(0, count));
  return { train: rows.filter((_, i) => !held.has(i)), eval: rows.filter((_, i) => held.has(i)) };
}

function labelTokens({ tokens, trained }: TokenStore): number[] {
  return [...new Set(tokens.filter((_, t) => trained[t] === 1))].sort((a, b) => a - b);
}
