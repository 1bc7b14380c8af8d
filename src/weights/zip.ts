/**
 * Where the members of a zip archive lie. PyTorch stores its archives uncompressed, so that a member is a
 * stretch of the file and can be read in place. Source: PKWARE's APPNOTE.TXT 6.3, 4.3.7, 4.3.12, 4.3.14–16, 4.5.3.
 */
import type { ReadAt } from './file.js';

export interface Member {
  /** Of its first byte in the file. */
  readonly start: number;
  readonly bytes: number;
}

/** A sentence's end about what is wrong with an archive. */
export class ZipError extends Error {
  override readonly name = 'ZipError';
}

/** The longest comment that may follow the end record. */
const longestComment = 0xffff;
const full = 0xffffffff;

/** Members by name; throws a ZipError where the archive is cut off or compressed. */
export function zipMembers(fileBytes: number, readAt: ReadAt): Map<string, Member> {
  const { offset, bytes } = directoryOf(fileBytes, readAt);
  if (offset + bytes > fileBytes) throw new ZipError('is truncated: the list of its members is not in it');
  const directory = readAt(offset, bytes);
  const members = new Map<string, Member>();
  for (let at = 0; at < directory.length; ) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== 0x02014b50) throw new ZipError('is damaged: the list of its members makes no sense');
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => directory.readUInt16LE(at + field));
    const name = directory.toString('utf8', at + 46, at + 46 + nameLength);
    if (directory.readUInt16LE(at + 10) !== 0) throw new ZipError(`is compressed (${name}), which PyTorch never does`);
    const extra = directory.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength);
    const [size, header] = wideFields(extra, [directory.readUInt32LE(at + 24), directory.readUInt32LE(at + 42)]);
    const start = dataStart(header, readAt);
    if (start === null || start + size > fileBytes) throw new ZipError(`is truncated: ${name} is not whole`);
    members.set(name, { start, bytes: size });
    at += 46 + nameLength + extraLength + commentLength;
  }
  return members;
}

/** The end record is the last thing in a file; one of 64-bit numbers may stand before it. */
function directoryOf(fileBytes: number, readAt: ReadAt): { offset: number; bytes: number } {
  const tailStart = Math.max(0, fileBytes - longestComment - 22);
  const tail = readAt(tailStart, fileBytes - tailStart);
  const end = tail.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end < 0 || end + 22 > tail.length) throw new ZipError('is truncated: its end is missing');
  const [bytes, offset] = [tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
  const locator = end - 20;
  if (locator < 0 || tail.readUInt32LE(locator) !== 0x07064b50) return { offset, bytes };
  const record = readAt(Number(tail.readBigUInt64LE(locator + 8)), 56);
  if (record.length < 56 || record.readUInt32LE(0) !== 0x06064b50) throw new ZipError('is damaged: its end makes no sense');
  return { bytes: Number(record.readBigUInt64LE(40)), offset: Number(record.readBigUInt64LE(48)) };
}

/** 32-bit fields, those that are full taken in order from the 64-bit extra field (4.5.3). */
function wideFields(extra: Buffer, fields: readonly number[]): number[] {
  const wide: number[] = [];
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    for (let i = at + 4; i + 8 <= Math.min(extra.length, at + 4 + extra.readUInt16LE(at + 2)); i += 8) wide.push(Number(extra.readBigUInt64LE(i)));
  }
  // Uncompressed and compressed size are both there or both not: with nothing compressed they are the same.
  const [size, header] = fields;
  const wideSize = size === full ? wide.shift() : undefined;
  return [wideSize ?? size, header === full ? (wide.at(-1) ?? header) : header];
}

/** Behind the member's own header, whose name and extra field are of a length of their own; null where it is not one. */
function dataStart(header: number, readAt: ReadAt): number | null {
  const local = readAt(header, 30);
  if (local.length < 30 || local.readUInt32LE(0) !== 0x04034b50) return null;
  return header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
}
