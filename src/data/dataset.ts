/** From an experiment's dataset to rows that are ready to be batched. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../util/errors.js';
import type { CacheUse } from './cache/documents.js';
import { allRows, ChosenRows, drawn, holdOut, weighted } from './choice.js';
import { evaluationFiles } from './evaluation.js';
import { KeyTokenRows, keyTokenIds } from './keytoken.js';
import type { EncodedRows } from './rows.js';
import { type DataSet, setNames, setsOf } from './sets.js';
import type { DataSettings, PrepareOptions } from './settings.js';
import { splitsOf } from './source/files.js';
import type { RejectedRow } from './source/row.js';
import { type LoadedSplit, splitLoader, type SplitLoader } from './split.js';
import type { Tokenizer } from './tokenizer/index.js';

export interface PreparedDataset {
  readonly train: EncodedRows;
  readonly eval: EncodedRows | null;
  /** Rows that could not be used, with the reason. */
  readonly rejected: readonly RejectedRow[];
  /** How many they are; `rejected` has the first of each set. */
  readonly rejectedCount: number;
  /** Rows longer than `max_length`, which were cut. */
  readonly cutRows: number;
  /** Names of the classes by number (stage `classify`). */
  readonly classes?: readonly string[];
  /** What became of the rows of each set. */
  readonly shares: readonly SetShare[];
  /** Whether the training rows came from the cache. */
  readonly cache: CacheUse;
  /** Bytes of memory that the rows take: their places and what is known of each, and their tokens where those are held. */
  readonly heldBytes: number;
}

/** How much of a set is learned from. */
export interface SetShare {
  readonly path: string;
  /** Rows of its files, and how many of them each rule of the filter left out. */
  readonly read: number;
  readonly dropped: Readonly<Record<string, number>>;
  /** Rows seen in an epoch, held-out ones apart, by weight. */
  readonly rows: number;
}

/** Bytes of all files that it reads, as they lie on the disk. */
export function dataBytes({ dataset, stage }: Pick<DataSettings, 'dataset' | 'stage'>, baseFolder = '.'): number {
  const paths = [...setsOf(dataset, stage, baseFolder).map((set) => set.path), ...(dataset.eval === null ? [] : [path.resolve(baseFolder, dataset.eval)])];
  return paths.flatMap((each) => Object.values(splitsOf(each)).flat()).reduce((sum, file) => sum + statSync(file).size, 0);
}

/** Reads, filters, tokenises (or takes from the cache), cuts, splits and mixes; throws UserError where there is nothing to train on. */
export async function prepareDataset(settings: DataSettings, tokenizer: Tokenizer, options: PrepareOptions): Promise<PreparedDataset> {
  const { dataset, stage, loss, train: { seed } } = settings;
  const keys = loss.type === 'keytoken' ? await keyTokenIds(loss.tokens, tokenizer) : null;
  const load = splitLoader(settings, tokenizer, options);
  const sets = setsOf(dataset, stage, options.baseFolder ?? '.');
  const loaded: LoadedSplit[] = [];
  for (const set of sets) loaded.push(await load(trainingFiles(set), set));
  const rows = loaded.map((split) => split.rows);

  const separate = await evaluationRows(settings, sets, load, options);
  const held = separate === null && dataset.val_size > 0 ? holdOut(allRows(rows), dataset.val_size, seed) : { train: allRows(rows), eval: null };
  const seen = weighted(held.train, sets.map(({ weight }) => weight), seed);
  const names = setNames(sets);
  const counts = sets.map((_, set) => seen.setOf.reduce((sum, of) => sum + Number(of === set), 0));

  return {
    train: keys === null ? new ChosenRows(rows, { ...seen, names }) : new KeyTokenRows(new ChosenRows(rows, { ...seen, names }), keys, loss),
    eval: separate?.rows ?? (held.eval === null ? null : new ChosenRows(rows, { ...drawn(held.eval, dataset.max_eval_samples, seed), names })),
    rejected: [...loaded, ...(separate?.splits ?? [])].flatMap(({ rejected }) => rejected),
    rejectedCount: [...loaded, ...(separate?.splits ?? [])].reduce((sum, { rejectedCount }) => sum + rejectedCount, 0),
    cutRows: [...loaded, ...(separate?.splits ?? [])].reduce((sum, { cutRows }) => sum + cutRows, 0),
    shares: loaded.map(({ read, dropped }, set) => ({ path: sets[set].path, read, dropped, rows: counts[set] })),
    ...(stage === 'classify' && dataset.labels ? { classes: dataset.labels } : {}),
    cache: loaded[0].use,
    heldBytes: [...loaded, ...(separate?.splits ?? [])].reduce((sum, split) => sum + split.rows.heldBytes, 0),
  };
}

/** The rows to evaluate on, null where none are set apart; training rows are read only if these are held out of them. */
export async function prepareEvaluation(settings: DataSettings, tokenizer: Tokenizer, options: PrepareOptions): Promise<EncodedRows | null> {
  const { dataset, stage } = settings;
  const whole = { ...settings, dataset: { ...dataset, max_eval_samples: null } };
  const separate = await evaluationRows(whole, setsOf(dataset, stage, options.baseFolder ?? '.'), splitLoader(settings, tokenizer, options), options);
  if (separate !== null) return separate.rows;
  return dataset.val_size > 0 ? (await prepareDataset(whole, tokenizer, options)).eval : null;
}

function trainingFiles(set: DataSet): readonly string[] {
  const { train } = splitsOf(set.path);
  if (train.length === 0) throw new UserError(`${set.path} has no files to train on: all of them are named as validation or test data`);
  return train;
}

/** Rows that have files of their own; null where there are none. */
async function evaluationRows({ dataset, train: { seed } }: DataSettings, sets: readonly DataSet[], load: SplitLoader, options: PrepareOptions): Promise<{ rows: EncodedRows; splits: LoadedSplit[] } | null> {
  const from = evaluationFiles(dataset, sets, options.baseFolder ?? '.');
  if (from.length === 0) return null;
  const splits: LoadedSplit[] = [];
  for (const { set, files } of from) splits.push(await load(files, set));
  const rows = splits.map((split) => split.rows);
  return { rows: new ChosenRows(rows, { ...drawn(allRows(rows), dataset.max_eval_samples, seed), names: setNames(from.map(({ set }) => set)) }), splits };
}
