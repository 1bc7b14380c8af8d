/** What datasets are on this machine: a quick look at the start of each file, nothing is tokenised. */
import { existsSync, readdirSync, readFileSync, statSync, type Dirent } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../../util/errors.js';
import { glance } from './glance.js';
import { isDataFile, splitsOf } from '../source/files.js';
import { type Format, formatColumns } from '../template/formats.js';

export interface DatasetEntry {
  readonly path: string;
  /** The last part of the path, or `org/name` in the Hugging Face cache. */
  readonly name: string;
  /** Null where nobody has looked. */
  readonly bytes: number | null;
  /** Rows for training; null where counting would take long, or lines are not rows. */
  readonly rows: number | null;
  /** The format whose columns it has; null where none fits without naming columns. */
  readonly guess: Format | null;
  readonly columns: readonly string[];
  readonly supported: boolean;
  /** Why it cannot be read, in a sentence. */
  readonly reason: string | null;
}

/** Formats in the order in which their columns are looked for. */
const guessOrder: readonly Format[] = ['alpaca', 'sharegpt', 'chat', 'prompt-completion', 'classification', 'text'];

/** Kinds of files that hold rows elsewhere: said to be there, where they cannot be read. */
const dataKind = /\.(jsonl|ndjson|json|csv|tsv|txt|parquet|arrow|feather)(\.(gz|zst|bz2|xz|zip))?$|\.(jsonl|json|csv|txt)$/i;

/**
 * Datasets at or below the given paths, some folders deep: a file, or a folder with `train…` files (or a
 * `data` folder) in it; of a Hugging Face cache, the snapshots. Paths that are not there are left out; what is
 * there and cannot be read says why.
 */
export async function discoverDatasets(paths: readonly string[]): Promise<DatasetEntry[]> {
  const found = new Map<string, DatasetEntry>();
  for (const place of paths.flatMap((place) => candidates(place))) {
    const entry = await describe(place);
    if (entry) found.set(entry.path, entry);
  }
  return [...found.values()].sort((a, b) => Number(b.supported) - Number(a.supported) || (a.name < b.name ? -1 : 1));
}

/** Directories of no data, and of as many files as nobody looks through. */
const skipped = new Set(['node_modules', '__pycache__', 'venv', 'dist']);

/** A folder stands for one dataset when its files are splits of one, else for the datasets in it. */
function candidates(place: string, depth = 2): string[] {
  const full = path.resolve(place);
  const stats = statSync(full, { throwIfNoEntry: false });
  if (!stats) return [];
  if (!stats.isDirectory()) return [full];
  const entries = entriesOf(full);
  if (entries === null) return [full];
  const cached = entries.filter(({ name }) => name.startsWith('datasets--')).flatMap(({ name }) => snapshotOf(path.join(full, name)));
  if (cached.length > 0) return cached;
  // A folder of programs may have such names in it too.
  if (entries.some((entry) => /^train/i.test(entry.name) || (entry.isDirectory() && entry.name === 'data')) && holdsData(full)) return [full];
  return entries.flatMap((entry) => {
    const inside = path.join(full, entry.name);
    if (entry.isDirectory()) return depth > 0 && !skipped.has(entry.name) && !entry.name.startsWith('models--') ? candidates(inside, depth - 1) : [];
    return isDataFile(entry.name) || (dataKind.test(entry.name) && !/\.(json|txt)$/i.test(entry.name)) ? [inside] : [];
  });
}

function holdsData(folder: string): boolean {
  try {
    return splitsOf(folder).train.length > 0;
  } catch {
    return false;
  }
}

/** Sorted, without hidden ones; null where the folder may not be read. */
function entriesOf(folder: string): Dirent[] | null {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'));
  } catch {
    return null;
  }
}

/** The revision that `main` points to in a `datasets--org--name` folder, else the newest. */
function snapshotOf(cached: string): string[] {
  const all = (entriesOf(path.join(cached, 'snapshots')) ?? []).map(({ name }) => path.join(cached, 'snapshots', name));
  const main = path.join(cached, 'refs', 'main');
  const named = existsSync(main) ? path.join(cached, 'snapshots', readFileSync(main, 'utf8').trim()) : null;
  if (named !== null && all.includes(named)) return [named];
  return all.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs).slice(0, 1);
}

async function describe(place: string): Promise<DatasetEntry | null> {
  const entry: DatasetEntry = { path: place, name: nameOf(place), bytes: 0, rows: null, guess: null, columns: [], supported: false, reason: null };
  try {
    const files = splitsOf(place).train;
    if (files.length === 0) return null;
    const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
    if (bytes === 0) return { ...entry, reason: 'It is empty.' };
    const { columns, rows, small } = await glance(files);
    const guess = guessFormat(columns);
    // A package.json is JSON too.
    if (guess === null && rows === null && small) return null;
    return { ...entry, bytes, rows, guess, columns, supported: true };
  } catch (error) {
    return isSomeJson(place) ? null : { ...entry, bytes: bytesOf(place), reason: reasonOf(error) };
  }
}

/** Much that is JSON is no data at all: a broken one is not worth a line. */
function isSomeJson(place: string): boolean {
  return path.extname(place).toLowerCase() === '.json';
}

function bytesOf(place: string): number {
  const stats = statSync(place, { throwIfNoEntry: false });
  return stats?.isFile() ? stats.size : 0;
}

function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EACCES' || code === 'EPERM' ? 'You may not read it: ask its owner for the right to.' : messageOf(error);
}

function nameOf(place: string): string {
  const cached = path.basename(path.dirname(path.dirname(place)));
  return cached.startsWith('datasets--') ? cached.slice('datasets--'.length).replace('--', '/') : path.basename(place);
}

/** The format whose required columns are all there. */
export function guessFormat(columns: readonly string[]): Format | null {
  return guessOrder.find((format) => formatColumns[format].required.every((column) => columns.includes(column))) ?? null;
}

/** What a question and its answer are called elsewhere. */
const pairs = [['question', 'answer'], ['input', 'output'], ['prompt', 'response'], ['query', 'response'], ['instruction', 'response'], ['source', 'target'], ['document', 'summary']] as const;

/** The lines of an experiment that read such columns, where no format is called so; null for others. */
export function pairLines(columns: readonly string[]): string | null {
  const pair = pairs.find((names) => names.every((name) => columns.includes(name)));
  return pair === undefined ? null : `format: prompt-completion, columns: {prompt: ${pair[0]}, completion: ${pair[1]}}`;
}
