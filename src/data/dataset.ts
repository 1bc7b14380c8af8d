/** From an experiment's dataset to rows that are ready to be batched. */
import { statSync } from 'node:fs';
import path from 'node:path';
import type { ExperimentFunctions } from '../config/define.js';
import { functionsOf, type RecipeConfig } from '../config/module.js';
import type { DatasetConfig, Experiment, LossConfig } from '../config/schema.js';
import { UserError } from '../util/errors.js';
import { Random } from '../util/random.js';
import { cachedDocuments, keptDocuments, cacheKey, type CacheUse } from './cache/documents.js';
import { namesOf } from './faults.js';
import { chunkDocuments, cutDocuments, cutPairs } from './encode/cut.js';
import type { Corpus } from './encode/encode-parts.js';
import { tokenWeights } from './functions.js';
import { KeyTokenRows, keyTokenIds } from './keytoken.js';
import { readMeter, type ReadProgress } from './reading.js';
import { ChosenRows, type EncodedRows, StoredRows } from './rows.js';
import { rowRule } from './rule.js';
import { evaluationFiles } from './evaluation.js';
import { type DataSet, setsOf } from './sets.js';
import { readerOf, splitsOf } from './source/files.js';
import type { ReadOptions, RejectedRow } from './source/row.js';
import type { Example } from './template/example.js';
import { asDocument, asMarkedText, asPromptAndAnswer, asSourceAndTarget } from './template/shapes.js';
import { classTemplate, pairTemplate, rowTemplate, type RowTemplate } from './template/formats.js';
import type { Tokenizer } from './tokenizer/index.js';

/** The part of an experiment that decides what the rows are. */
export interface DataSettings {
  readonly dataset: DatasetConfig;
  readonly stage: Experiment['stage'];
  readonly max_length: number;
  readonly overflow: Experiment['overflow'];
  readonly loss: LossConfig;
  readonly recipe: RecipeConfig;
  readonly train: Pick<Experiment['train'], 'seed'>;
}

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

export interface PrepareOptions {
  readonly cacheFolder: string;
  /** What relative paths are relative to; the working folder if not given. */
  readonly baseFolder?: string;
  /** Where a copy of the experiment's module may be, which goes before the module itself: a run's folder. */
  readonly moduleFolder?: string;
  /** False: only from the cache, and a NotTokenised where it is not in it. */
  readonly tokenise?: boolean;
  /** Text between two places at which tokenising can go on, in UTF-16 units; some seconds of work if not given. */
  readonly partUnits?: number;
  /** Told now and then where rows are tokenised and it takes some time. */
  readonly onProgress?: (progress: ReadProgress) => void;
}

/** The rows are not in the cache, and tokenising them was not asked for. */
export class NotTokenised extends Error {
  override readonly name = 'NotTokenised';
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
    eval: separate?.rows ?? (held.eval === null ? null : new ChosenRows(rows, { ...held.eval, names })),
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
  const separate = await evaluationRows(settings, setsOf(dataset, stage, options.baseFolder ?? '.'), splitLoader(settings, tokenizer, options), options);
  if (separate !== null) return separate.rows;
  return dataset.val_size > 0 ? (await prepareDataset(settings, tokenizer, options)).eval : null;
}

interface LoadedSplit {
  readonly rows: StoredRows;
  readonly rejected: readonly RejectedRow[];
  readonly rejectedCount: number;
  readonly cutRows: number;
  readonly read: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly use: CacheUse;
}

/** What a stage makes of a row's text. */
const shapes: { readonly [S in Experiment['stage']]: (example: Example, tokenizer: Tokenizer) => Example } = {
  sft: (example, { startsAnswers }) => (startsAnswers ? asPromptAndAnswer(example) : example),
  seq2seq: asSourceAndTarget,
  pretrain: asDocument,
  mlm: asMarkedText,
  classify: (example) => example,
};

/** Reads files of one set. */
type SplitLoader = (files: readonly string[], set: DataSet) => Promise<LoadedSplit>;

function splitLoader({ dataset, stage, max_length: maxLength, overflow, recipe }: DataSettings, tokenizer: Tokenizer, { cacheFolder, moduleFolder, tokenise = true, partUnits, onProgress = () => undefined }: PrepareOptions): SplitLoader {
  const everyToken = stage === 'pretrain' || stage === 'mlm';
  const { filter, dedupe, labels } = dataset;
  if (stage === 'classify' && labels === null) throw new Error('the names of the classes have to be known before rows are read');

  return async (files, set) => {
    const { format, columns, tags, template, weight_column, max_samples: maxRows } = set;
    const { functions, sha256 } = await functionsOf(recipe, moduleFolder);
    if (stage === 'classify') refuseTextFunctions(functions);
    const reading: ReadOptions = { textColumn: columns['text'] ?? 'text', runningText: everyToken };
    const key = { format, columns, tags, template, filter, dedupe, maxRows, stage, tokenizer: tokenizer.fingerprint, ...(stage === 'classify' ? { labels } : {}), ...(weight_column === null ? {} : { weight_column }), ...(Object.keys(functions).length === 0 ? {} : { recipe: sha256 }) };
    const plain = (): RowTemplate => (stage === 'classify' && labels ? classTemplate(set, labels) : stage === 'seq2seq' ? pairTemplate(set, tokenizer) : rowTemplate(set, tokenizer));
    const meter = readMeter(files, onProgress);
    const corpus: Corpus = {
      files,
      read: (file, after) => {
        meter(file, 0);
        return readerOf(file)(file, { ...reading, after, onRead: (bytes) => meter(file, bytes) });
      },
      tokenizer,
      rule: () => rowRule(set, { dataset, functions, tokenizer, template: plain }),
      tokenWeights: functions.tokenWeights ? tokenWeights(functions.tokenWeights, tokenizer) : null,
      shape: (example) => shapes[stage](example, tokenizer),
      maxRows,
      partUnits,
    };
    const place = { folder: cacheFolder, key: await cacheKey(files, key) };
    if (!tokenise && (await keptDocuments(place)) === null) throw new NotTokenised(`${namesOf(files)} is not in ${cacheFolder}`);
    const { documents, use } = await cachedDocuments(place, corpus);
    const cut = everyToken ? chunkDocuments(documents, maxLength) : stage === 'seq2seq' ? cutPairs(documents, maxLength) : cutDocuments(documents, maxLength, overflow);
    if (cut.windows.length === 0) {
      throw new UserError(`no row of ${namesOf(files)} has anything to learn within max_length ${maxLength}; the first: ${cut.rejected[0]?.reason ?? 'the text is too short'}`);
    }
    const { rejected, rejectedCount, read, dropped } = documents;
    return { rows: new StoredRows(documents.tokens, cut.windows, documents), rejected: [...rejected, ...cut.rejected], rejectedCount: rejectedCount + cut.rejected.length, cutRows: cut.cutRows, read, dropped, use };
  };
}

/** A class is no text. */
function refuseTextFunctions({ prompt, tokenWeights: weigh }: ExperimentFunctions): void {
  if (prompt) throw new UserError('`stage: classify` reads a text and its label, which a prompt function cannot give: leave it out, and name the columns in dataset.columns');
  if (weigh) throw new UserError('`stage: classify` learns one class a text, which tokenWeights cannot weigh: give weight(row) instead');
}

function trainingFiles(set: DataSet): readonly string[] {
  const { train } = splitsOf(set.path);
  if (train.length === 0) throw new UserError(`${set.path} has no files to train on: all of them are named as validation or test data`);
  return train;
}

/** Rows that have files of their own; null where there are none. */
async function evaluationRows({ dataset }: DataSettings, sets: readonly DataSet[], load: SplitLoader, options: PrepareOptions): Promise<{ rows: EncodedRows; splits: LoadedSplit[] } | null> {
  const from = evaluationFiles(dataset, sets, options.baseFolder ?? '.');
  if (from.length === 0) return null;
  const splits: LoadedSplit[] = [];
  for (const { set, files } of from) splits.push(await load(files, set));
  const rows = splits.map((split) => split.rows);
  return { rows: new ChosenRows(rows, { ...allRows(rows), names: setNames(from.map(({ set }) => set)) }), splits };
}

/** The last part of each path; all of it where two end alike, and numbered where they are of one file: no two are the same. */
export function setNames(sets: readonly Pick<DataSet, 'path'>[]): string[] {
  return sets.map((set) => {
    const short = path.basename(set.path);
    const name = sets.some((other) => other.path !== set.path && path.basename(other.path) === short) ? set.path : short;
    const ofFile = sets.filter((other) => other.path === set.path);
    return ofFile.length === 1 ? name : `${name} (${ofFile.indexOf(set) + 1})`;
  });
}

/** Which rows of which sets, in order. */
interface Choice {
  readonly setOf: Uint16Array;
  readonly rowOf: Uint32Array;
}

function allRows(sets: readonly EncodedRows[]): Choice {
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
function weighted(choice: Choice, weights: readonly number[], seed: number): Choice {
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
function holdOut(rows: Choice, size: number, seed: number): { train: Choice; eval: Choice } {
  const all = rows.rowOf.length;
  const count = heldOutRows(size, all);
  if (count >= all) throw new UserError(`dataset.val_size ${size} would hold out ${count} of ${all} rows and leave none to train on; lower it`);
  const order = Uint32Array.from({ length: all }, (_, i) => i);
  new Random(seed, 'validation split').shuffle(order);
  return { train: pick(rows, order.slice(count).sort()), eval: pick(rows, order.slice(0, count).sort()) };
}

/** How many of so many rows `val_size` holds out, a share or a count, as in sklearn's train_test_split. */
export function heldOutRows(size: number, rows: number): number {
  return size < 1 ? Math.ceil(size * rows) : Math.floor(size);
}
