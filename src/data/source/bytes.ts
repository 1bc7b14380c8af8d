/** Files as bytes, decompressed where the end of their name says so. */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { UserError, messageOf } from '../../util/errors.js';
import type { OnRead } from './row.js';

const pieceBytes = 1 << 18;

type Unpack = (raw: Readable) => AsyncIterable<Uint8Array>;

const compressions: Readonly<Record<string, Unpack>> = { '.gz': gunzip, '.zst': unzstd };

/** The end of a name that says how the file is compressed, with the dot; empty for none. */
export function compressionOf(file: string): string {
  return Object.keys(compressions).find((ending) => file.toLowerCase().endsWith(ending)) ?? '';
}

/** A file's bytes in pieces, a few hundred kB at a time; `onRead` counts them as they lie on the disk. Throws UserError where a compressed file is damaged. */
export async function* bytesOf(file: string, onRead?: OnRead): AsyncGenerator<Uint8Array> {
  const raw = createReadStream(file, { highWaterMark: pieceBytes });
  const compression = compressionOf(file);
  try {
    for await (const piece of compression === '' ? (raw as AsyncIterable<Uint8Array>) : compressions[compression](raw)) {
      onRead?.(raw.bytesRead);
      yield piece;
    }
  } catch (error) {
    if (compression === '' || (error instanceof Error && 'syscall' in error)) throw error; // the file system's, not the format's
    throw new UserError(`${file} is not a whole ${compression} file (${messageOf(error)}): get it again, or compress it anew`);
  } finally {
    raw.destroy(); // whoever reads may stop early
  }
}

function gunzip(raw: Readable): AsyncIterable<Uint8Array> {
  const stream = createGunzip();
  raw.once('error', (error) => stream.destroy(error));
  return raw.pipe(stream);
}

async function* unzstd(raw: Readable): AsyncGenerator<Uint8Array> {
  const { Decompress } = await import('fzstd');
  let ready: Uint8Array[] = [];
  const stream = new Decompress((piece) => ready.push(piece));
  for await (const piece of raw as AsyncIterable<Uint8Array>) {
    stream.push(piece);
    yield* ready;
    ready = [];
  }
  stream.push(new Uint8Array(0), true);
  yield* ready;
}
