/** From a path to the files of each split. */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../../util/errors.js';
import { readDelimited } from './delimited.js';
import { readJson, readJsonLines } from './json.js';
import { readPlain } from './plain.js';
import type { RowReader } from './row.js';

/** A file's reader by the end of its name. */
export const readers: Readonly<Record<string, RowReader>> = {
  '.jsonl': readJsonLines,
  '.ndjson': readJsonLines,
  '.json': readJson,
  '.csv': readDelimited(','),
  '.tsv': readDelimited('\t'),
  '.txt': readPlain,
};

/** The files of each split; empty where there is none. */
export interface Splits {
  readonly train: readonly string[];
  readonly validation: readonly string[];
  readonly test: readonly string[];
}

/** Names under which the splits of published datasets are found. */
const splitNames = { train: /^train(ing)?([^a-z]|$)/i, validation: /^(val|valid|validation|dev|eval)([^a-z]|$)/i, test: /^test(ing)?([^a-z]|$)/i } as const;

/** The reader of a file; throws UserError with the kinds there are. */
export function readerOf(file: string): RowReader {
  const reader = readers[path.extname(file).toLowerCase()];
  if (!reader) throw new UserError(`${file} is of a kind that is not read here; these are: ${Object.keys(readers).join(', ')}`);
  return reader;
}

/**
 * The files of a dataset: one file, or a folder. In a folder, files named after a split (`train.jsonl`,
 * `train-00000-of-00002.jsonl`, `validation/…`) are that split; without such names all files are for training.
 */
export function splitsOf(dataset: string): Splits {
  const found = statSync(dataset, { throwIfNoEntry: false });
  if (!found) throw new UserError(`no dataset at ${dataset}: there is no such file or folder; correct the path, or see what there is with: workbench datasets`);
  if (!found.isDirectory()) {
    readerOf(dataset);
    return { train: [dataset], validation: [], test: [] };
  }
  const files = dataFiles(dataset);
  if (files.length === 0) throw new UserError(`${dataset} holds no data files (${Object.keys(readers).join(', ')}): give a folder that does, or one such file`);
  const named = (split: keyof typeof splitNames) => files.filter((file) => path.relative(dataset, file).split(path.sep).some((part) => splitNames[split].test(part)));
  const [train, validation, test] = [named('train'), named('validation'), named('test')];
  const unnamed = files.filter((file) => !validation.includes(file) && !test.includes(file));
  return { train: train.length > 0 ? train : unnamed, validation, test };
}

/** Readable files of a folder and of the folders in it, by name. */
function dataFiles(folder: string, depth = 2): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const full = path.join(folder, entry.name);
    if (entry.name.startsWith('.')) return [];
    if (entry.isDirectory()) return depth > 0 ? dataFiles(full, depth - 1) : [];
    return isDataFile(entry.name) ? [full] : [];
  });
}

const aboutData = /^(dataset_infos?|dataset_dict|readme|licen[cs]e|copying|notice|citation|attribution|authors|changelog|source|state|cc[-_ ]?(0|by)[^a-z]|(mit|apache)[-_. ])/i;

/** A file that can be read here and is not about the data (a licence, a card, an index). */
export function isDataFile(name: string): boolean {
  return path.extname(name).toLowerCase() in readers && !aboutData.test(name);
}
