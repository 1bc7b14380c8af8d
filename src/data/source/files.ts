/** From a path to the files of each split. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { globSync, isDynamicPattern } from 'tinyglobby';
import { z } from 'zod';
import { UserError } from '../../util/errors.js';
import { readArrow } from './arrow.js';
import { compressionOf } from './bytes.js';
import { readDelimited } from './delimited.js';
import { readJson, readJsonLines } from './json.js';
import { readParquet } from './parquet.js';
import { readDocument, readPlain } from './plain.js';
import type { RowReader } from './row.js';

/** A file's reader by the end of its name; those of text also read it compressed (`.jsonl.gz`, `.txt.zst`). */
export const readers: Readonly<Record<string, RowReader>> = {
  '.jsonl': readJsonLines,
  '.ndjson': readJsonLines,
  '.json': readJson,
  '.csv': readDelimited(','),
  '.tsv': readDelimited('\t'),
  '.txt': readPlain,
  '.parquet': readParquet,
  '.arrow': readArrow,
  '.feather': readArrow,
};

/** Programs and prose, a row a file: read where a path or a pattern names their ending, and nowhere else, since a folder of data may have a script and a README too. */
const documents: readonly string[] = [
  '.py', '.pyx', '.pyi', '.ipynb', '.js', '.mjs', '.ts', '.tsx', '.java', '.kt', '.scala', '.go', '.rs', '.c', '.h', '.cc', '.cpp', '.hpp', '.cs', '.swift', '.rb', '.php', '.pl', '.lua', '.r', '.jl', '.hs',
  '.sh', '.sql', '.md', '.rst', '.tex', '.html', '.xml',
];

/** Kinds that are compressed within, and read from any place in them. */
const binary: readonly string[] = ['.parquet', '.arrow', '.feather'];

/** The files of each split; empty where there is none. */
export interface Splits {
  readonly train: readonly string[];
  readonly validation: readonly string[];
  readonly test: readonly string[];
}

/** Names under which the splits of published datasets are found. */
const splitNames = { train: /^train(ing)?([^a-z]|$)/i, validation: /^(val|valid|validation|dev|eval)([^a-z]|$)/i, test: /^test(ing)?([^a-z]|$)/i } as const;

/** The kind of a data file: the end of its name, that of its compression left out; null where it is none. */
export function kindOf(file: string): string | null {
  const compression = compressionOf(file);
  const kind = endingOf(file, compression);
  return kind in readers && !(compression !== '' && binary.includes(kind)) ? kind : null;
}

function endingOf(file: string, compression = compressionOf(file)): string {
  return path.extname(compression === '' ? file : file.slice(0, -compression.length)).toLowerCase();
}

/** A program or prose, which is a row as it is. */
export function isDocument(file: string): boolean {
  return documents.includes(endingOf(file));
}

/** The reader of a file; throws UserError with the kinds there are. */
export function readerOf(file: string): RowReader {
  if (isDocument(file)) return readDocument;
  const kind = kindOf(file);
  if (kind === null) throw new UserError(`${file} is of a kind that is not read here; these are: ${Object.keys(readers).join(', ')}, programs and prose (.py, .md and such), text also as .gz or .zst`);
  return readers[kind];
}

/**
 * The files of a dataset: one file, a folder, or a pattern (`corpus/*.jsonl.gz`). In a folder, files named
 * after a split (`train.jsonl`, `train-00000-of-00002.jsonl`, `validation/…`) are that split; without such
 * names all files are for training. The same holds for the files of a pattern, below its fixed part; but where it names
 * the ending of programs or prose (`src/*.py`) all of them are, since tests are programs too.
 */
export function splitsOf(dataset: string): Splits {
  const found = statSync(dataset, { throwIfNoEntry: false });
  if (!found) return splitsOfPattern(dataset);
  if (!found.isDirectory()) {
    readerOf(dataset);
    return { train: [dataset], validation: [], test: [] };
  }
  const files = dataFiles(dataset);
  if (files.length === 0) throw new UserError(`${dataset} holds no data files (${Object.keys(readers).join(', ')}): give a folder that does, or one such file`);
  return bySplit(files, dataset);
}

function splitsOfPattern(pattern: string): Splits {
  if (!isDynamicPattern(pattern)) throw new UserError(`no dataset at ${pattern}: there is no such file or folder; correct the path, or see what there is with: workbench datasets`);
  const parts = pattern.split(path.sep);
  const fixed = parts.slice(0, parts.findIndex((part) => isDynamicPattern(part))).join(path.sep) || path.sep;
  const found = globSync(path.relative(fixed, pattern), { cwd: fixed, absolute: true }).sort();
  const named = /[*?]$/.test(pattern) ? [] : found.filter(isDocument);
  if (named.length > 0) return { train: named, validation: [], test: [] };
  const files = found.filter(isDataFile);
  if (files.length === 0) throw new UserError(`no data file in ${fixed} matches ${path.relative(fixed, pattern)}; correct the pattern, or give the folder`);
  return bySplit(files, fixed);
}

function bySplit(files: readonly string[], folder: string): Splits {
  const named = (split: keyof typeof splitNames) => files.filter((file) => path.relative(folder, file).split(path.sep).some((part) => splitNames[split].test(part)));
  const [train, validation, test] = [named('train'), named('validation'), named('test')];
  const unnamed = files.filter((file) => !validation.includes(file) && !test.includes(file));
  return { train: train.length > 0 ? train : unnamed, validation, test };
}

/** Readable files of a folder and of the folders in it, by name. */
function dataFiles(folder: string, depth = 2): string[] {
  const saved = savedFiles(folder);
  if (saved) return saved;
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const full = path.join(folder, entry.name);
    if (entry.name.startsWith('.')) return [];
    if (entry.isDirectory()) return depth > 0 ? dataFiles(full, depth - 1) : [];
    return isDataFile(entry.name) ? [full] : [];
  });
}

const savedState = z.object({ _data_files: z.array(z.object({ filename: z.string() })) });

/** The files that a folder written by `save_to_disk` names as its own (others there are left-over caches); null for other folders. */
function savedFiles(folder: string): string[] | null {
  const state = path.join(folder, 'state.json');
  if (!existsSync(state)) return null;
  const { data } = savedState.safeParse(JSON.parse(readFileSync(state, 'utf8')));
  return data?._data_files.map(({ filename }) => path.join(folder, filename)) ?? null;
}

const aboutData = /^(dataset_infos?|dataset_dict|readme|licen[cs]e|copying|notice|citation|attribution|authors|changelog|source|state|cc[-_ ]?(0|by)[^a-z]|(mit|apache)[-_. ])/i;

/** A file that can be read here and is not about the data (a licence, a card, an index). */
export function isDataFile(name: string): boolean {
  return kindOf(name) !== null && !aboutData.test(path.basename(name));
}
