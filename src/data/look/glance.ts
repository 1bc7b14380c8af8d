/** A look at data files without reading them: their columns, and how many rows they hold where that is cheap to say. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { parse as parseCsv } from 'csv-parse/sync';
import { bytesOf, compressionOf } from '../source/bytes.js';
import { isDocument, kindOf } from '../source/files.js';
import { documentEnd } from '../source/plain.js';

export interface Glance {
  /** Of the first file. */
  readonly columns: readonly string[];
  /** Null where counting would take long, or lines are not rows. */
  readonly rows: number | null;
  /** Small enough to have been read whole: no rows then means that it holds none. */
  readonly small: boolean;
}

/** Bytes looked at to find the columns, and up to which rows are counted: of text, and of compressed text. */
const headBytes = 1 << 16;
const countedBytes = 1 << 25;
const countedCompressed = 1 << 22;

/** Throws where the first file is damaged. */
export async function glance(files: readonly string[]): Promise<Glance> {
  if (isDocument(files[0])) return { columns: ['text'], rows: files.length, small: false };
  switch (kindOf(files[0])) {
    case '.parquet':
      return glanceAtParquet(files);
    case '.arrow':
    case '.feather':
      return glanceAtArrow(files);
    default: {
      const small = files.every((file) => compressionOf(file) === '' || statSync(file).size <= countedCompressed) && bytesIn(files) <= countedBytes;
      return { columns: columnsOf((await readHead(files[0], headBytes)).toString().replace(/^\ufeff/, ''), kindOf(files[0])), rows: small ? await countRows(files) : null, small };
    }
  }
}

function bytesIn(files: readonly string[]): number {
  return files.reduce((sum, file) => sum + statSync(file).size, 0);
}

/** The end of a parquet file names its columns and counts its rows. */
async function glanceAtParquet(files: readonly string[]): Promise<Glance> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetSchema } = await import('hyparquet');
  const all = await Promise.all(files.map(async (file) => parquetMetadataAsync(await asyncBufferFromFile(file))));
  const columns = parquetSchema(all[0]).children.map(({ element }) => element.name);
  return { columns, rows: all.reduce((sum, { num_rows }) => sum + Number(num_rows), 0), small: false };
}

/** The start of an arrow file names its columns; rows are counted by its batches, which must be gone through. */
async function glanceAtArrow(files: readonly string[]): Promise<Glance> {
  const { RecordBatchReader } = await import('apache-arrow');
  const whole = bytesIn(files) <= countedBytes;
  let columns: readonly string[] = [];
  let rows = 0;
  for (const file of whole ? files : files.slice(0, 1)) {
    const reader = await RecordBatchReader.from(bytesOf(file));
    await reader.open();
    if (file === files[0]) columns = reader.schema.fields.map(({ name }) => name);
    if (whole) for await (const batch of reader) rows += batch.numRows;
    else await reader.cancel();
  }
  return { columns, rows: whole ? rows : null, small: false };
}

function columnsOf(head: string, kind: string | null): readonly string[] {
  switch (kind) {
    case '.txt':
      return ['text'];
    case '.csv':
    case '.tsv':
      return (parseCsv(head, { delimiter: kind === '.tsv' ? '\t' : ',', to: 1, relax_quotes: true }) as string[][])[0] ?? [];
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
async function countRows(files: readonly string[]): Promise<number | null> {
  let rows = 0;
  for (const file of files) {
    const kind = kindOf(file);
    const bytes = await readHead(file, countedBytes);
    if (kind === '.json') {
      const value: unknown = JSON.parse(bytes.toString());
      if (!Array.isArray(value)) return null;
      rows += value.length;
    } else if (kind === '.csv' || kind === '.tsv') {
      rows += countRecords(bytes) - 1; // without the header
    } else {
      const text = bytes.toString();
      if (kind === '.txt' && text.includes(documentEnd)) return null;
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

/** What the first so many bytes of a file hold, decompressed. */
async function readHead(file: string, limit: number): Promise<Buffer> {
  const bytes = firstBytes(file, limit);
  switch (compressionOf(file)) {
    case '.gz':
      return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }); // which lets the end be missing
    case '.zst': {
      const { Decompress } = await import('fzstd');
      const pieces: Uint8Array[] = [];
      new Decompress((piece) => pieces.push(piece)).push(bytes);
      return Buffer.concat(pieces);
    }
    default:
      return bytes;
  }
}

function firstBytes(file: string, limit: number): Buffer {
  const bytes = Buffer.alloc(Math.min(limit, statSync(file).size));
  const descriptor = openSync(file, 'r');
  try {
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(descriptor);
  }
}
