/** Files as bytes, decompressed where the end of their name says so. */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { UserError, messageOf } from '../../util/errors.js';

const pieceBytes = 1 << 18;

type Unpack = (pieces: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

const compressions: Readonly<Record<string, Unpack>> = { '.gz': gunzip, '.zst': unzstd };

/** The end of a name that says how the file is compressed, with the dot; empty for none. */
export function compressionOf(file: string): string {
  return Object.keys(compressions).find((ending) => file.toLowerCase().endsWith(ending)) ?? '';
}

/** A file's bytes in pieces, a few hundred kB at a time; throws UserError where a compressed file is damaged. */
export async function* bytesOf(file: string): AsyncGenerator<Uint8Array> {
  const raw: AsyncIterable<Uint8Array> = createReadStream(file, { highWaterMark: pieceBytes });
  const compression = compressionOf(file);
  if (compression === '') return yield* raw;
  try {
    yield* compressions[compression](raw);
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw error; // the file system's, not the format's
    throw new UserError(`${file} is not a whole ${compression} file (${messageOf(error)}): get it again, or compress it anew`);
  }
}

async function* gunzip(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const stream = createGunzip();
  const fed = feed(pieces, stream);
  yield* stream as AsyncIterable<Uint8Array>;
  await fed;
}

async function feed(pieces: AsyncIterable<Uint8Array>, stream: ReturnType<typeof createGunzip>): Promise<void> {
  try {
    for await (const piece of pieces) if (!stream.write(piece)) await new Promise((resume) => stream.once('drain', resume).once('close', resume));
    stream.end();
  } catch (error) {
    stream.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

async function* unzstd(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import('fzstd');
  let ready: Uint8Array[] = [];
  const stream = new Decompress((piece) => ready.push(piece));
  for await (const piece of pieces) {
    stream.push(piece);
    yield* ready;
    ready = [];
  }
  stream.push(new Uint8Array(0), true);
  yield* ready;
}
