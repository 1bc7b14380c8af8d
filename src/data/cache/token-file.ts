/**
 * Tokenised data on disk, one file a set and setting, written as it is encoded and read in place, so that
 * a corpus may be larger than memory:
 *
 *   "workbench tokens" · tokens (i32) · columns by document, each on an 8-byte boundary
 *   · header (JSON: where they are) · its length (u32) · SHA-256 of everything before
 *
 * The sum is checked when a file is opened. Files are written under another name and renamed, so that one
 * is whole or not there.
 */
import { createHash } from 'node:crypto';
import { read, readSync } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { writeAtomically } from '../../util/atomic.js';
import { HeldTokens, type TokenStore } from '../rows.js';

const magic = Buffer.from('workbench tokens');
const alignment = 8;
const sumBytes = 32;
const trailerBytes = 4 + sumBytes;

/** Bytes read at once where all of a file is read. */
const pieceBytes = 1 << 22;

/** Tokens of a smaller file are held in memory, those of a larger one read as they are needed. */
export const heldBytes = 1 << 28;

const arrayTypes = { i32: Int32Array, u32: Uint32Array, f64: Float64Array } as const;
type ColumnType = keyof typeof arrayTypes;
type Column = Int32Array | Uint32Array | Float64Array;

const headerSchema = z.object({
  tokens: z.int().min(0),
  columns: z.record(z.string(), z.object({ type: z.enum(['i32', 'u32', 'f64']), offset: z.int().min(0), length: z.int().min(0) })),
  meta: z.unknown(),
});

export interface TokenFileContent {
  readonly columns: Readonly<Record<string, Column>>;
  /** Plain data. */
  readonly meta: unknown;
}

/** Takes tokens in their order. */
export type TokenSink = (codes: Int32Array) => Promise<void>;

/** Writes the tokens that `fill` gives, then the content it resolves to; rejects with what the file system throws. */
export async function writeTokenFile<T extends TokenFileContent>(file: string, fill: (sink: TokenSink) => Promise<T>, options?: { readonly synced: boolean }): Promise<T> {
  await mkdir(path.dirname(file), { recursive: true });
  let content: T | undefined;
  await writeAtomically(file, async (write) => {
    const hash = createHash('sha256');
    let offset = 0;
    const put = async (bytes: Uint8Array): Promise<void> => {
      hash.update(bytes);
      offset += bytes.length;
      await write(bytes);
    };
    await put(magic);
    content = await fill((codes) => put(bytesOf(codes)));
    const tokens = (offset - magic.length) / Int32Array.BYTES_PER_ELEMENT;
    const columns: z.input<typeof headerSchema>['columns'] = {};
    for (const [name, column] of Object.entries(content.columns)) {
      await put(new Uint8Array(align(offset) - offset));
      columns[name] = { type: typeOf(column), offset, length: column.length };
      await put(bytesOf(column));
    }
    const header = Buffer.from(JSON.stringify({ tokens, columns, meta: content.meta }));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(header.length);
    await put(header);
    await put(length);
    await write(hash.digest());
  }, options);
  if (!content) throw new Error('a file was written without content');
  return content;
}

/** The content of a file and its tokens; null where there is none or it is damaged. */
export async function openTokenFile(file: string): Promise<(TokenFileContent & { readonly tokens: TokenStore }) | null> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch {
    return null;
  }
  let left = false; // open for the tokens
  try {
    const { size } = await handle.stat();
    if (size < magic.length + trailerBytes || !(await isWhole(handle, size))) return null;
    const headerLength = (await bytesAt(handle, size - trailerBytes, 4)).readUInt32LE();
    const header = headerSchema.safeParse(JSON.parse((await bytesAt(handle, size - trailerBytes - headerLength, headerLength)).toString()));
    if (!header.success) return null;
    const { tokens: length, meta } = header.data;
    const columns: Record<string, Column> = {};
    for (const [name, { type, offset, length: values }] of Object.entries(header.data.columns)) {
      const { buffer } = await bytesAt(handle, offset, values * arrayTypes[type].BYTES_PER_ELEMENT);
      columns[name] = new arrayTypes[type](buffer, 0, values);
    }
    const tokenBytes = length * Int32Array.BYTES_PER_ELEMENT;
    left = tokenBytes > heldBytes;
    const tokens = left ? new TokensOnDisk(handle, length) : new HeldTokens(new Int32Array((await bytesAt(handle, magic.length, tokenBytes)).buffer));
    return { columns, meta, tokens };
  } finally {
    if (!left) await handle.close();
  }
}

/** More than any row that is read whole. */
const mostAhead = 1 << 22; // bytes

/** Tokens read where they lie; what is read again, or was asked for ahead, comes from the system's own cache. */
class TokensOnDisk implements TokenStore {
  readonly length: number;
  readonly #handle: FileHandle;

  constructor(handle: FileHandle, length: number) {
    this.length = length;
    this.#handle = handle;
  }

  /** The system's threads do it, also while this one computes; should it fail, so will the reading itself. */
  ahead(start: number, count: number): void {
    const bytes = Math.min(mostAhead, count * Int32Array.BYTES_PER_ELEMENT);
    read(this.#handle.fd, Buffer.allocUnsafe(bytes), 0, bytes, magic.length + start * Int32Array.BYTES_PER_ELEMENT, () => undefined);
  }

  read(start: number, count: number): Int32Array {
    const codes = new Int32Array(count);
    const bytes = new Uint8Array(codes.buffer);
    const from = magic.length + start * Int32Array.BYTES_PER_ELEMENT;
    for (let at = 0; at < bytes.length; ) {
      const got = readSync(this.#handle.fd, bytes, at, bytes.length - at, from + at);
      at += got;
      if (got === 0) throw new Error(`the token cache ends before token ${start + count}`);
    }
    return codes;
  }
}

async function isWhole(handle: FileHandle, size: number): Promise<boolean> {
  const hash = createHash('sha256');
  const piece = Buffer.alloc(Math.min(pieceBytes, size));
  for (let at = 0; at < size - sumBytes; ) {
    const { bytesRead } = await handle.read(piece, 0, Math.min(piece.length, size - sumBytes - at), at);
    if (bytesRead === 0) return false;
    hash.update(piece.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash.digest().equals(await bytesAt(handle, size - sumBytes, sumBytes)) && (await bytesAt(handle, 0, magic.length)).equals(magic);
}

/** Bytes in memory of their own, so that arrays can be laid over them. */
async function bytesAt(handle: FileHandle, from: number, length: number): Promise<Buffer & { readonly buffer: ArrayBuffer }> {
  const bytes = Buffer.from(new ArrayBuffer(length));
  for (let at = 0; at < length; ) {
    const { bytesRead } = await handle.read(bytes, at, Math.min(length - at, pieceBytes), from + at);
    if (bytesRead === 0) throw new Error('the file ends early');
    at += bytesRead;
  }
  return bytes;
}

function bytesOf(array: Column): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function typeOf(column: Column): ColumnType {
  if (column instanceof Int32Array) return 'i32';
  return column instanceof Uint32Array ? 'u32' : 'f64';
}

function align(offset: number): number {
  return Math.ceil(offset / alignment) * alignment;
}
