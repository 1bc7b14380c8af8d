/** One file, whole and right or not at all: what has come is kept for the next try. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { HubApiError } from '@huggingface/hub';
import { UserError } from '../util/errors.js';
import { networkCode, type Connection } from './connection.js';

export interface RemoteFile {
  readonly path: string;
  readonly url: string;
  readonly size: number;
  /** SHA-256 of the content, or the name that git has for it. */
  readonly sum: { readonly kind: 'sha256' | 'git'; readonly hex: string };
}

export interface DownloadOptions {
  /** Tries in a row that bring nothing, before it is given up. */
  readonly tries: number;
  /** Before the second try; twice as long before each that follows. */
  readonly waitMs: number;
}

/** Goes on with `<to>.incomplete` where there is one. Throws a UserError where the content is not what its hash says. */
export async function download(connection: Connection, file: RemoteFile, to: string, { tries, waitMs }: DownloadOptions): Promise<void> {
  const partial = `${to}.incomplete`;
  await mkdir(dirname(to), { recursive: true });
  for (let failures = 0; (await sizeOf(partial)) !== file.size; ) {
    const before = await sizeOf(partial);
    try {
      await append(connection, file, partial);
    } catch (error) {
      const brought = (await sizeOf(partial)) > before;
      failures = brought ? 1 : failures + 1;
      if (networkCode(error) === null || failures >= tries) throw error;
      await wait(waitMs * 2 ** (failures - 1));
    }
  }
  if ((await sumOf(partial, file)) !== file.sum.hex) {
    await rm(partial);
    throw new UserError(`${file.path} did not come as the hub has it: its ${file.sum.kind === 'git' ? 'git hash' : 'SHA-256'} is another. What came is removed; try again.`);
  }
  await rename(partial, to);
}

/** What is missing, from where the file ends; from the beginning where the server gives no ranges. */
async function append({ fetch, token }: Connection, { url, size }: RemoteFile, partial: string): Promise<void> {
  let from = await sizeOf(partial);
  if (from > size) from = 0;
  const response = await fetch(url, { headers: { ...(token === null ? {} : { Authorization: `Bearer ${token}` }), ...(from > 0 ? { Range: `bytes=${from}-` } : {}), 'Accept-Encoding': 'identity' } });
  if (!response.ok || response.body === null) throw new HubApiError(url, response.status, undefined, `status ${response.status} for ${url}`);
  if (response.status !== 206) from = 0;
  const handle = await open(partial, from > 0 ? 'r+' : 'w');
  try {
    let at = from;
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      await handle.write(chunk, 0, chunk.length, at);
      at += chunk.length;
      if (at > size) throw new UserError(`${url} sends more than the ${size} bytes that it has by the hub's list; try again.`);
    }
    if (at < size) throw Object.assign(new Error(`${url} ended after ${at} of ${size} bytes`), { code: 'ECONNRESET' });
  } finally {
    await handle.close();
  }
}

/** −1 where it is not there. */
async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? -1;
}

/** Whether a file that is there is this one. */
export async function isWhole(path: string, file: RemoteFile): Promise<boolean> {
  return (await sizeOf(path)) === file.size && (await sumOf(path, file)) === file.sum.hex;
}

/** git's name of a file is SHA-1 over "blob <bytes>\0" and the content. */
async function sumOf(path: string, { size, sum: { kind } }: RemoteFile): Promise<string> {
  const hash = createHash(kind === 'git' ? 'sha1' : 'sha256');
  if (kind === 'git') hash.update(`blob ${size}\0`);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}
