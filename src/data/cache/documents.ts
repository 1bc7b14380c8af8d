/** Encoded documents kept under a key of everything they depend on. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { DocumentIndex, EncodedDocuments } from '../encode.js';
import { Growing } from '../growing.js';
import { HeldTokens } from '../rows.js';
import { openTokenFile, type TokenSink, writeTokenFile } from './token-file.js';

/** Raised whenever the same input would be encoded otherwise: files of older versions are then not found. */
const encodingVersion = 2;

const metaSchema = z.object({
  files: z.array(z.string()),
  rejected: z.array(z.object({ file: z.string(), line: z.int(), reason: z.string() })),
  read: z.int(),
  dropped: z.record(z.string(), z.int()),
});

/** How the documents came: read back, encoded and kept, or encoded but not kept (no space, no right to write). */
export type CacheUse = 'read' | 'written' | 'not kept';

/** The key of `files`, by their content, under `settings` (plain data). */
export async function cacheKey(files: readonly string[], settings: unknown): Promise<string> {
  const key = createHash('sha256').update(JSON.stringify({ encodingVersion, settings, files }));
  for (const file of files) key.update(await contentHash(file));
  return key.digest('hex');
}

/** The kept documents of a key, or freshly encoded ones, which are then kept. A damaged file is written anew. */
export async function cachedDocuments(folder: string, key: string, encode: (sink: TokenSink) => Promise<DocumentIndex>): Promise<{ documents: EncodedDocuments; use: CacheUse }> {
  const file = tokenFile(folder, key);
  const kept = await readDocuments(file);
  if (kept) return { documents: kept, use: 'read' };
  try {
    await writeTokenFile(file, async (sink) => contentOf(await encode(sink)));
  } catch (error) {
    if (!isFileSystems(error)) throw error;
    return { documents: await encodeInMemory(encode), use: 'not kept' }; // a cache that cannot be written costs time, not the run
  }
  const written = await readDocuments(file);
  if (!written) throw new Error(`${file} was written and cannot be read`);
  return { documents: written, use: 'written' };
}

/** What the cache has under a key, null where it has nothing; writes nothing. */
export function keptDocuments(folder: string, key: string): Promise<EncodedDocuments | null> {
  return readDocuments(tokenFile(folder, key));
}

function tokenFile(folder: string, key: string): string {
  return path.join(folder, `${key.slice(0, 32)}.tokens`);
}

function contentOf({ starts, labelCounts, fileOf, lineOf, weights, ...meta }: DocumentIndex) {
  return { columns: { starts, labelCounts, fileOf, lineOf, ...(weights && { weightStarts: weights.starts, weightValues: weights.values }) }, meta };
}

async function encodeInMemory(encode: (sink: TokenSink) => Promise<DocumentIndex>): Promise<EncodedDocuments> {
  const codes = new Growing(Int32Array);
  const index = await encode((more) => Promise.resolve(codes.push(more)));
  return { ...index, tokens: new HeldTokens(codes.take()) };
}

async function readDocuments(file: string): Promise<EncodedDocuments | null> {
  const opened = await openTokenFile(file);
  const meta = metaSchema.safeParse(opened?.meta);
  if (!opened || !meta.success) return null;
  const { starts, labelCounts, fileOf, lineOf, weightStarts, weightValues } = opened.columns;
  if (!(starts instanceof Float64Array && labelCounts instanceof Uint32Array && fileOf instanceof Uint32Array && lineOf instanceof Uint32Array)) return null;
  const weights = weightStarts instanceof Float64Array && weightValues instanceof Float64Array ? { starts: weightStarts, values: weightValues } : null;
  return { starts, labelCounts, fileOf, lineOf, weights, ...meta.data, tokens: opened.tokens };
}

function isFileSystems(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

async function contentHash(file: string): Promise<Buffer> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) hash.update(bytes);
  return hash.digest();
}
