/** Files read at a place, a piece at a time; no descriptor stays open. */
import { closeSync, openSync, readSync } from 'node:fs';
import { messageOf, UserError } from '../util/errors.js';
import { elementBytes, widenings } from './dtype.js';

/** Reads `length` bytes at `position`, or fewer at the end of the file. */
export type ReadAt = (position: number, length: number) => Buffer;

export function withFile<T>(path: string, use: (fd: number) => T): T {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (cause) {
    throw new UserError(`${path} cannot be read (${messageOf(cause)}); check the path and its permissions.`, { cause });
  }
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

export function readerAt(fd: number): ReadAt {
  return (position, length) => {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readFully(fd, bytes, position));
  };
}

/** Elements widened at a time: 16-bit weights never stand in memory twice. */
const chunk = 1 << 20;

/** Fills `into` with the elements of type `dtype` that begin at byte `start`; `name` is for the errors. */
export function readElements(path: string, { name, dtype, start }: { readonly name: string; readonly dtype: string; readonly start: number }, into: Float32Array): void {
  withFile(path, (fd) => {
    const fill = (bytes: Uint8Array, position: number): void => {
      if (readFully(fd, bytes, position) < bytes.length) throw new UserError(`${path} has become shorter since it was opened; fetch it again.`);
    };
    if (dtype === 'F32') return fill(new Uint8Array(into.buffer, into.byteOffset, into.byteLength), start);
    if (!Object.hasOwn(widenings, dtype)) throw new UserError(`${name} in ${path} is stored as ${dtype}; F32, F16 and BF16 can be read.`);
    const bits = new Uint16Array(Math.min(chunk, into.length));
    for (let done = 0; done < into.length; done += bits.length) {
      const part = bits.subarray(0, Math.min(bits.length, into.length - done));
      fill(new Uint8Array(part.buffer, 0, part.byteLength), start + elementBytes[dtype] * done);
      widenings[dtype](part, into.subarray(done, done + part.length));
    }
  });
}

/** Bytes read: all of `into`, or as many as the file has from there. */
function readFully(fd: number, into: Uint8Array, position: number): number {
  let done = 0;
  while (done < into.length) {
    const count = readSync(fd, into, done, Math.min(into.length - done, 1 << 30), position + done); // a call reads under 2 GiB
    if (count === 0) break;
    done += count;
  }
  return done;
}
