/** Encoded documents kept under a key of everything they depend on. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type EncodedDocuments, Gathered } from '../encode/documents.js';
import { type Corpus, encodeParts } from '../encode/encode-parts.js';
import { namesOf } from '../faults.js';
import { Growing } from '../../util/growing.js';
import { type Part, start } from '../encode/part.js';
import { HeldTokens } from '../codes.js';
import { UserError } from '../../util/errors.js';
import { PartFolder } from './parts.js';
import { openTokenFile, type TokenSink, writeTokenFile } from './token-file.js';

/** Raised whenever the same input would be encoded otherwise: files of older versions are then not found. */
const encodingVersion = 5;

const metaSchema = z.object({
  files: z.array(z.string()),
  rejected: z.array(z.object({ file: z.string(), line: z.int(), counted: z.literal(true).optional(), reason: z.string() })),
  rejectedCount: z.int(),
  read: z.int(),
  dropped: z.record(z.string(), z.int()),
});

/** How the documents came: read back, encoded and kept, or encoded but not kept (no space, no right to write). */
export type CacheUse = 'read' | 'written' | 'not kept';

/** Where and under which name documents are kept. */
export interface CachePlace {
  readonly folder: string;
  readonly key: string;
}

/** The key of `files`, by their content, under `settings` (plain data). */
export async function cacheKey(files: readonly string[], settings: unknown): Promise<string> {
  const key = createHash('sha256').update(JSON.stringify({ encodingVersion, settings, files }));
  for (const file of files) key.update(await contentHash(file));
  return key.digest('hex');
}

/**
 * The kept documents of a key, or freshly encoded ones, which are then kept. A damaged file is written anew; what
 * was interrupted goes on after its last whole part. Throws UserError where the disk is full, and for the corpus's own faults.
 */
export async function cachedDocuments(place: CachePlace, corpus: Corpus): Promise<{ documents: EncodedDocuments; use: CacheUse }> {
  const kept = await keptDocuments(place);
  const parts = new PartFolder(path.join(place.folder, `${nameOf(place)}.parts`));
  if (kept) {
    await parts.removeAbandoned(abandonedAfter).catch(() => undefined); // a folder that cannot be written is read all the same
    return { documents: kept, use: 'read' };
  }
  try {
    await removeLeftOvers(place);
    const others = await writeDocuments(tokenFile(place), corpus, parts);
    const documents = others ?? (await keptDocuments(place));
    if (!documents) throw new Error(`${tokenFile(place)} was written and cannot be read`);
    await parts.remove();
    return { documents, use: 'written' };
  } catch (error) {
    if (!isFileSystems(error)) throw error;
    // A cache that cannot be written costs time, not the run; but what did not fit the disk may not fit memory either.
    if (isFull(error) && (await parts.numbers()).size > 0) {
      throw new UserError(`The disk of ${place.folder} is full, and the tokens of ${namesOf(corpus.files)} do not fit: what is done of them is kept; free some space, or set WORKBENCH_HOME to a place with more, and start again`);
    }
    return { documents: await encodeInMemory(corpus), use: 'not kept' };
  }
}

/** What the cache has under a key, null where it has nothing; writes nothing. */
export function keptDocuments(place: CachePlace): Promise<EncodedDocuments | null> {
  return readDocuments(tokenFile(place));
}

/** Encodes what no part has yet, and joins the parts in one file. The documents themselves where another process was faster. */
async function writeDocuments(file: string, corpus: Corpus, parts: PartFolder): Promise<EncodedDocuments | null> {
  for (;;) {
    const { gathered, last } = await encodeRest(corpus, parts);
    const { starts, labelCounts, fileOf, lineOf, weights, ...meta } = gathered.index(corpus.files);
    try {
      await writeTokenFile(file, async (sink) => {
        await eachPart(parts, last, sink);
        return { columns: { starts, labelCounts, fileOf, lineOf, ...(weights && { weightStarts: weights.starts, weightValues: weights.values }) }, meta };
      }, { largest: gathered.largest });
      return null;
    } catch (error) {
      if (!(error instanceof LostPart)) throw error;
      const done = await readDocuments(file); // another process removes the parts when it is done
      if (done) return done;
    }
  }
}

/** A part that was there is not, or not whole any more. */
class LostPart extends Error {
  override readonly name = 'LostPart';
}

/** The last part, which is not written, and its number. */
interface LastPart {
  readonly part: Part;
  readonly number: number;
}

async function eachPart(parts: PartFolder, { part: last, number: count }: LastPart, sink: TokenSink): Promise<void> {
  let position = start;
  for (let number = 0; number < count; number++) {
    const part = await parts.read(number, position);
    if (part === null) throw new LostPart(`part ${number} is gone`);
    position = part.to;
    await sink(part.codes);
  }
  await sink(last.codes);
}

/** Takes the whole parts that are there, and encodes and writes what comes after; behind a damaged one too. */
async function encodeRest(corpus: Corpus, parts: PartFolder): Promise<{ gathered: Gathered; last: LastPart }> {
  again: for (;;) {
    const gathered = new Gathered();
    const rule = corpus.rule();
    const there = await parts.numbers();
    let number = 0;
    for (; there.has(number); number++) {
      const part = await parts.read(number, gathered.position);
      if (part === null) break;
      gathered.add(part);
      rule.memory?.remember(part.marks);
    }
    for await (const part of encodeParts(corpus, { position: gathered.position, rows: gathered.rows, rule })) {
      gathered.add(part);
      if (part.last) return { gathered, last: { part, number } };
      await parts.write(number++, part);
      if (there.has(number)) continue again; // behind a damaged one there are others; the rule has read on and is made anew
    }
    throw new Error('a corpus has no last part');
  }
}

async function encodeInMemory(corpus: Corpus): Promise<EncodedDocuments> {
  const codes = new Growing(Int32Array);
  const gathered = new Gathered();
  for await (const part of encodeParts(corpus, { position: gathered.position, rows: 0, rule: corpus.rule() })) {
    gathered.add(part);
    codes.push(part.codes);
  }
  return { ...gathered.index(corpus.files), tokens: new HeldTokens(codes.take()) };
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

function nameOf({ key }: CachePlace): string {
  return key.slice(0, 32);
}

function tokenFile(place: CachePlace): string {
  return path.join(place.folder, `${nameOf(place)}.tokens`);
}

/** A file that is being written has grown in this time, and a folder of parts has one more. */
const abandonedAfter = 600_000; // ms

/** What a process that was killed has left of the joined file. */
async function removeLeftOvers(place: CachePlace): Promise<void> {
  const names = await readdir(place.folder).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(nameOf(place)) && each.endsWith('.tmp'))) {
    const file = path.join(place.folder, name);
    const { mtimeMs = Infinity } = (await stat(file).catch(() => null)) ?? {};
    if (Date.now() - mtimeMs > abandonedAfter) await rm(file, { force: true });
  }
}

function isFileSystems(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(String(error.code));
}

async function contentHash(file: string): Promise<Buffer> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) hash.update(bytes);
  return hash.digest();
}
