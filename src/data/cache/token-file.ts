/**
 * Tokenised data on disk, one file a set and setting, written as it is encoded and read in place, so that
 * a corpus may be larger than memory:
 *
 *   "workbench tokens" · tokens (packed.ts) · columns by document, each on an 8-byte boundary
 *   · header (JSON: where they are) · its length (u32) · SHA-256 of everything before
 *
 * The sum is checked when a file is opened. Files are written under another name and renamed, so that one
 * is whole or not there.
 */
import { createHash } from 'node:crypto';
import { close, closeSync, fstatSync, openSync, read, readSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { writeAtomically } from '../../util/atomic.js';
import type { TokenStore } from '../codes.js';
import { idBytes, type PackedBytes, packedBytes, PackedTokens, Packer } from './packed.js';

const magic = Buffer.from('workbench tokens');
const alignment = 8;
const sumBytes = 32;
const trailerBytes = 4 + sumBytes;

/** Bytes read at once where all of a file is read. */
const pieceBytes = 1 << 22;

/** Tokens of a smaller file are held in memory, those of a larger one read as they are needed, from the system's own cache most of the time. */
const mostHeld = 1 << 24; // bytes

const arrayTypes = { i32: Int32Array, u32: Uint32Array, f64: Float64Array } as const;
type ColumnType = keyof typeof arrayTypes;
type Column = Int32Array | Uint32Array | Float64Array;

const headerSchema = z.object({
  tokens: z.int().min(0),
  idBytes: z.int().min(1).max(4),
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

export interface TokenFileOptions {
  /** No id is larger. */
  readonly largest: number;
  readonly synced?: boolean;
}

/** Writes the tokens that `fill` gives, then the content it resolves to; rejects with what the file system throws. */
export async function writeTokenFile<T extends TokenFileContent>(file: string, fill: (sink: TokenSink) => Promise<T>, { largest, synced }: TokenFileOptions): Promise<T> {
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
    const packer = new Packer(idBytes(largest));
    content = await fill(async (codes) => {
      for (const bytes of packer.push(codes)) await put(bytes);
    });
    for (const bytes of packer.finish()) await put(bytes);
    const columns: z.input<typeof headerSchema>['columns'] = {};
    for (const [name, column] of Object.entries(content.columns)) {
      await put(new Uint8Array(align(offset) - offset));
      columns[name] = { type: typeOf(column), offset, length: column.length };
      await put(bytesOf(column));
    }
    const header = Buffer.from(JSON.stringify({ tokens: packer.count, idBytes: idBytes(largest), columns, meta: content.meta } satisfies z.input<typeof headerSchema>));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(header.length);
    await put(header);
    await put(length);
    await write(hash.digest());
  }, { synced });
  if (!content) throw new Error('a file was written without content');
  return content;
}

/** The content of a file and its tokens; null where there is none or it is damaged. */
export async function openTokenFile(file: string): Promise<(TokenFileContent & { readonly tokens: TokenStore }) | null> {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return null;
  }
  let left = false; // open for the tokens
  try {
    const { size } = fstatSync(descriptor);
    if (size < magic.length + trailerBytes || !(await isWhole(descriptor, size))) return null;
    const headerLength = (await bytesAt(descriptor, size - trailerBytes, 4)).readUInt32LE();
    const header = headerSchema.safeParse(JSON.parse((await bytesAt(descriptor, size - trailerBytes - headerLength, headerLength)).toString()));
    if (!header.success) return null;
    const { tokens: length, idBytes: width, meta } = header.data;
    const columns: Record<string, Column> = {};
    for (const [name, { type, offset, length: values }] of Object.entries(header.data.columns)) {
      const { buffer } = await bytesAt(descriptor, offset, values * arrayTypes[type].BYTES_PER_ELEMENT);
      columns[name] = new arrayTypes[type](buffer, 0, values);
    }
    const tokenBytes = packedBytes(length, width);
    left = tokenBytes > mostHeld;
    const bytes = left ? new BytesOnDisk(descriptor) : new HeldBytes(await bytesAt(descriptor, magic.length, tokenBytes));
    return { columns, meta, tokens: new PackedTokens(length, width, bytes) };
  } finally {
    if (!left) closeSync(descriptor);
  }
}

class HeldBytes implements PackedBytes {
  readonly held: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.held = bytes.length;
    this.#bytes = bytes;
  }

  read(from: number, length: number): Uint8Array {
    return this.#bytes.subarray(from, from + length);
  }

  ahead(): void {
    // they are there
  }
}

/** More than any row that is read whole. */
const mostAhead = 1 << 22; // bytes

/** Files that nobody reads any more. */
const unread = new FinalizationRegistry((descriptor: number) => close(descriptor));

/** Read where they lie; what is read again, or was asked for ahead, comes from the system's own cache. */
class BytesOnDisk implements PackedBytes {
  readonly held = 0;
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    unread.register(this, descriptor);
  }

  /** The system's threads do it, also while this one computes; should it fail, so will the reading itself. */
  ahead(from: number, length: number): void {
    const bytes = Math.min(mostAhead, length);
    read(this.#descriptor, Buffer.allocUnsafe(bytes), 0, bytes, magic.length + from, () => undefined);
  }

  read(from: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const got = readSync(this.#descriptor, bytes, at, length - at, magic.length + from + at);
      at += got;
      if (got === 0) throw new Error(`the token cache ends before byte ${from + length} of its tokens`);
    }
    return bytes;
  }
}

const readAt = promisify(read);

async function isWhole(descriptor: number, size: number): Promise<boolean> {
  const hash = createHash('sha256');
  const piece = Buffer.alloc(Math.min(pieceBytes, size));
  for (let at = 0; at < size - sumBytes; ) {
    const { bytesRead } = await readAt(descriptor, piece, 0, Math.min(piece.length, size - sumBytes - at), at);
    if (bytesRead === 0) return false;
    hash.update(piece.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash.digest().equals(await bytesAt(descriptor, size - sumBytes, sumBytes)) && (await bytesAt(descriptor, 0, magic.length)).equals(magic);
}

/** Bytes in memory of their own, so that arrays can be laid over them. */
async function bytesAt(descriptor: number, from: number, length: number): Promise<Buffer & { readonly buffer: ArrayBuffer }> {
  const bytes = Buffer.from(new ArrayBuffer(length));
  for (let at = 0; at < length; ) {
    const { bytesRead } = await readAt(descriptor, bytes, at, Math.min(length - at, pieceBytes), from + at);
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
