/** What datasets are on this machine: a quick look at the start of each file, nothing is tokenised. */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync, type Dirent } from 'node:fs';
import path from 'node:path';
import { parse as parseCsv } from 'csv-parse/sync';
import { messageOf } from '../util/errors.js';
import { isDataFile, splitsOf } from './source/files.js';
import { documentEnd } from './source/plain.js';
import { type Format, formatColumns } from './template/formats.js';

export interface DatasetEntry {
  readonly path: string;
  /** The last part of the path, or `org/name` in the Hugging Face cache. */
  readonly name: string;
  readonly bytes: number;
  /** Rows for training; null where counting would take long, or lines are not rows. */
  readonly rows: number | null;
  /** The format whose columns it has; null where none fits without naming columns. */
  readonly guess: Format | null;
  readonly columns: readonly string[];
  readonly supported: boolean;
  /** Why it cannot be read, in a sentence. */
  readonly reason: string | null;
}

/** Bytes looked at to find the columns, and up to which rows are counted. */
const headBytes = 1 << 16;
const countedBytes = 1 << 25;

/** Formats in the order in which their columns are looked for. */
const guessOrder: readonly Format[] = ['alpaca', 'sharegpt', 'chat', 'prompt-completion', 'classification', 'text'];

/** Kinds of files that hold rows elsewhere: said to be there, where they cannot be read. */
const dataKind = /\.(jsonl|ndjson|json|csv|tsv|txt|parquet|arrow|feather)(\.(gz|zst|bz2|xz|zip))?$|\.(jsonl|json|csv|txt)$/i;

/**
 * Datasets at or below the given paths, some folders deep: a file, or a folder with `train…` files (or a
 * `data` folder) in it; of a Hugging Face cache, the snapshots. Paths that are not there are left out; what is
 * there and cannot be read says why.
 */
export function discoverDatasets(paths: readonly string[]): DatasetEntry[] {
  const found = new Map<string, DatasetEntry>();
  for (const place of paths.flatMap((place) => candidates(place))) {
    const entry = describe(place);
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
  if (entries.some((entry) => /^train/i.test(entry.name) || (entry.isDirectory() && entry.name === 'data'))) return [full];
  return entries.flatMap((entry) => {
    const inside = path.join(full, entry.name);
    if (entry.isDirectory()) return depth > 0 && !skipped.has(entry.name) && !entry.name.startsWith('models--') ? candidates(inside, depth - 1) : [];
    return isDataFile(entry.name) || (dataKind.test(entry.name) && !/\.(json|txt)$/i.test(entry.name)) ? [inside] : [];
  });
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

function describe(place: string): DatasetEntry | null {
  const entry: DatasetEntry = { path: place, name: nameOf(place), bytes: 0, rows: null, guess: null, columns: [], supported: false, reason: null };
  try {
    const files = splitsOf(place).train;
    if (files.length === 0) return null;
    const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
    if (bytes === 0) return { ...entry, reason: 'It is empty.' };
    const columns = columnsOf(files[0]);
    const guess = guessFormat(columns);
    const rows = bytes <= countedBytes ? countRows(files) : null;
    // A package.json is JSON too.
    if (guess === null && rows === null && bytes <= countedBytes) return null;
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

function columnsOf(file: string): string[] {
  const head = readHead(file, headBytes).toString().replace(/^\ufeff/, '');
  switch (path.extname(file).toLowerCase()) {
    case '.txt':
      return ['text'];
    case '.csv':
    case '.tsv': {
      const delimiter = file.toLowerCase().endsWith('.tsv') ? '\t' : ',';
      return (parseCsv(head, { delimiter, to: 1, relax_quotes: true }) as string[][])[0] ?? [];
    }
    default:
      return keysOfFirstRow(head);
  }
}

/** Keys of the first object in (a list of) JSON; a bare string is a text. */
function keysOfFirstRow(json: string): string[] {
  const start = json.trimStart().replace(/^\[\s*/, '');
  if (start.startsWith('"')) return ['text'];
  for (let end = start.indexOf('}'); end !== -1; end = start.indexOf('}', end + 1)) {
    try {
      return Object.keys(JSON.parse(start.slice(0, end + 1)) as object);
    } catch {
      continue; // this bracket closed something inside
    }
  }
  return [];
}

/** Rows that hold something, as the readers count them, without making anything of them; null where lines are not rows. */
function countRows(files: readonly string[]): number | null {
  let rows = 0;
  for (const file of files) {
    const extension = path.extname(file).toLowerCase();
    if (extension === '.json') {
      const value: unknown = JSON.parse(readHead(file, countedBytes).toString());
      if (!Array.isArray(value)) return null;
      rows += value.length;
    } else if (extension === '.csv' || extension === '.tsv') {
      rows += countRecords(readHead(file, countedBytes)) - 1; // without the header
    } else {
      const text = readHead(file, countedBytes).toString();
      if (extension === '.txt' && text.includes(documentEnd)) return null;
      rows += text.split('\n').filter((line) => line.trim() !== '').length;
    }
  }
  return rows;
}

/** Lines that hold something; a line end in quotes is part of a value. */
function countRecords(bytes: Buffer): number {
  let records = 0;
  let quoted = false;
  let empty = true;
  for (const byte of bytes) {
    if (byte === 0x22) quoted = !quoted;
    if (byte === 0x0a && !quoted) {
      if (!empty) records++;
      empty = true;
    } else if (byte !== 0x0d) empty = false;
  }
  return records + Number(!empty);
}

function readHead(file: string, limit: number): Buffer {
  const bytes = Buffer.alloc(Math.min(limit, statSync(file).size));
  const descriptor = openSync(file, 'r');
  try {
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(descriptor);
  }
}
