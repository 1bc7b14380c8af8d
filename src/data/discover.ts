/** What datasets are on this machine: a quick look at the start of each file, nothing is tokenised. */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { parse as parseCsv } from 'csv-parse/sync';
import { isDataFile, splitsOf } from './source/files.js';
import { documentEnd } from './source/plain.js';
import { type Format, formatColumns } from './template/formats.js';

export interface DatasetEntry {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  /** Rows for training; null where counting would take long, or lines are not rows. */
  readonly rows: number | null;
  /** The format whose columns it has; null where none fits without naming columns. */
  readonly guess: Format | null;
  readonly columns: readonly string[];
}

/** Bytes looked at to find the columns, and up to which rows are counted. */
const headBytes = 1 << 16;
const countedBytes = 1 << 25;

/** Formats in the order in which their columns are looked for. */
const guessOrder: readonly Format[] = ['alpaca', 'sharegpt', 'chat', 'prompt-completion', 'classification', 'text'];

/**
 * Datasets at or below the given paths, some folders deep: a file, or a folder with `train…` files (or a
 * `data` folder) in it. Paths that are not there, and what cannot be read, are left out.
 */
export function discoverDatasets(paths: readonly string[]): DatasetEntry[] {
  const found = new Map<string, DatasetEntry>();
  for (const place of paths.flatMap((place) => candidates(place))) {
    const entry = describe(place);
    if (entry) found.set(entry.path, entry);
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A folder stands for one dataset when its files are splits of one, else for the datasets in it. */
function candidates(place: string, depth = 2): string[] {
  const full = path.resolve(place);
  const stats = statSync(full, { throwIfNoEntry: false });
  if (!stats) return [];
  if (!stats.isDirectory()) return [full];
  const entries = readdirSync(full, { withFileTypes: true }).filter((entry) => !entry.name.startsWith('.') && entry.name !== 'node_modules');
  if (entries.some((entry) => /^train/i.test(entry.name) || (entry.isDirectory() && entry.name === 'data'))) return [full];
  return entries.flatMap((entry) => {
    const inside = path.join(full, entry.name);
    if (entry.isDirectory()) return depth > 0 ? candidates(inside, depth - 1) : [];
    return isDataFile(entry.name) ? [inside] : [];
  });
}

function describe(place: string): DatasetEntry | null {
  try {
    const files = splitsOf(place).train;
    if (files.length === 0) return null;
    const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
    const columns = columnsOf(files[0]);
    const guess = guessFormat(columns);
    const rows = bytes <= countedBytes ? countRows(files) : null;
    // A package.json is JSON too.
    if (guess === null && rows === null && bytes <= countedBytes) return null;
    return { path: place, name: path.basename(place), bytes, rows, guess, columns };
  } catch {
    return null;
  }
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
