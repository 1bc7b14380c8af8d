/** Encoded documents kept under a key of everything they depend on. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { EncodedDocuments } from '../encode.js';
import { readCache, writeCache } from './store.js';

/** Raised whenever the same input would be encoded otherwise: files of older versions are then not found. */
const encodingVersion = 1;

const metaSchema = z.object({
  files: z.array(z.string()),
  rejected: z.array(z.object({ file: z.string(), line: z.int(), reason: z.string() })),
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
export async function cachedDocuments(folder: string, key: string, encode: () => Promise<EncodedDocuments>): Promise<{ documents: EncodedDocuments; use: CacheUse }> {
  const file = path.join(folder, `${key.slice(0, 32)}.tokens`);
  const kept = readDocuments(file);
  if (kept) return { documents: kept, use: 'read' };
  const documents = await encode();
  const { files, rejected, ...sections } = documents;
  try {
    await writeCache(file, { sections, meta: { files, rejected } });
    return { documents, use: 'written' };
  } catch {
    return { documents, use: 'not kept' }; // a cache that cannot be written costs time, not the run
  }
}

function readDocuments(file: string): EncodedDocuments | null {
  let cached: ReturnType<typeof readCache>;
  try {
    cached = readCache(file);
  } catch {
    return null;
  }
  const meta = metaSchema.safeParse(cached?.meta);
  if (!cached || !meta.success) return null;
  const { tokens, trained, starts, fileOf, lineOf } = cached.sections;
  if (!(tokens instanceof Int32Array && trained instanceof Uint8Array && starts instanceof Float64Array)) return null;
  if (!(fileOf instanceof Uint32Array && lineOf instanceof Uint32Array)) return null;
  return { tokens, trained, starts, fileOf, lineOf, ...meta.data };
}

async function contentHash(file: string): Promise<Buffer> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) hash.update(bytes);
  return hash.digest();
}
