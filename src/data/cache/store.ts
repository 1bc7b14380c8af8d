/**
 * Tokenised data on disk, one file a dataset and setting:
 *
 *   "workbench tokens" · header length (u32) · header (JSON) · sections, each on an 8-byte boundary
 *
 * The header holds the sections' types and places, and the SHA-256 of all of them, which is checked when
 * the file is read. Written under another name and renamed, so that a file is whole or not there.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { writeAtomically } from '../../util/atomic.js';

const magic = Buffer.from('workbench tokens');
const alignment = 8;

/** Bytes given to the system in one call; it takes no more than 2 GiB. */
const pieceBytes = 1 << 30;

const arrayTypes = { i32: Int32Array, u32: Uint32Array, u8: Uint8Array, f64: Float64Array } as const;
type ArrayType = keyof typeof arrayTypes;
type Section = Int32Array | Uint32Array | Uint8Array | Float64Array;

const headerSchema = z.object({
  sections: z.record(z.string(), z.object({ type: z.enum(['i32', 'u32', 'u8', 'f64']), offset: z.int().min(0), length: z.int().min(0) })),
  sha256: z.string(),
  meta: z.unknown(),
});

export interface Cached {
  readonly sections: Readonly<Record<string, Section>>;
  /** Plain data. */
  readonly meta: unknown;
}

/** The file's content, its arrays views of what was read; null where there is none or it is damaged. */
export function readCache(file: string): Cached | null {
  const bytes = readOrNull(file);
  if (bytes === null || bytes.length < magic.length + 4 || !bytes.subarray(0, magic.length).equals(magic)) return null;
  const headerEnd = magic.length + 4 + bytes.readUInt32LE(magic.length);
  const header = headerSchema.safeParse(jsonOrNull(bytes.subarray(magic.length + 4, headerEnd)));
  if (!header.success) return null;
  const body = bytes.subarray(align(headerEnd));
  if (sha256([body]) !== header.data.sha256) return null;
  const sections = Object.entries(header.data.sections).map(([name, { type, offset, length }]) => [name, new arrayTypes[type](bytes.buffer, body.byteOffset + offset, length)] as const);
  return { sections: Object.fromEntries(sections), meta: header.data.meta };
}

/** Writes a file; rejects with what the file system throws. */
export async function writeCache(file: string, { sections, meta }: Cached): Promise<void> {
  const places: z.input<typeof headerSchema>['sections'] = {};
  const parts: Uint8Array[] = [];
  let offset = 0;
  const add = (bytes: Uint8Array): void => {
    parts.push(bytes);
    offset += bytes.length;
  };
  for (const [name, array] of Object.entries(sections)) {
    places[name] = { type: typeOf(array), offset, length: array.length };
    add(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    add(new Uint8Array(align(offset) - offset));
  }
  const header = Buffer.from(JSON.stringify({ sections: places, sha256: sha256(parts), meta }));
  const front = Buffer.alloc(align(magic.length + 4 + header.length));
  magic.copy(front);
  front.writeUInt32LE(header.length, magic.length);
  header.copy(front, magic.length + 4);
  await mkdir(path.dirname(file), { recursive: true });
  await writeAtomically(file, async (write) => {
    for (const part of [front, ...parts]) await write(part);
  });
}

/** A whole file in memory of its own, so that arrays can be laid over it; null where it cannot be read. */
function readOrNull(file: string): (Buffer & { readonly buffer: ArrayBuffer }) | null {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) return null;
  const bytes = Buffer.from(new ArrayBuffer(size));
  const descriptor = openSync(file, 'r');
  try {
    let at = 0;
    for (let got = -1; at < size && got !== 0; at += got) got = readSync(descriptor, bytes, at, Math.min(size - at, pieceBytes), null);
    return at === size ? bytes : null;
  } finally {
    closeSync(descriptor);
  }
}

function sha256(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) for (let at = 0; at < part.length; at += pieceBytes) hash.update(part.subarray(at, at + pieceBytes));
  return hash.digest('hex');
}

function jsonOrNull(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return null;
  }
}

function typeOf(array: Section): ArrayType {
  if (array instanceof Int32Array) return 'i32';
  if (array instanceof Uint32Array) return 'u32';
  return array instanceof Uint8Array ? 'u8' : 'f64';
}

function align(offset: number): number {
  return Math.ceil(offset / alignment) * alignment;
}
