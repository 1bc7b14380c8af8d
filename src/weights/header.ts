/**
 * The header of a safetensors file: 8 bytes of length, then JSON `{name: {dtype, shape, data_offsets}}`.
 * Source: https://huggingface.co/docs/safetensors, "Format"; the checks are those of its Rust reader.
 */
import { UserError } from '../util/errors.js';
import { sizeOf } from '../util/tensor.js';
import { elementBytes } from './dtype.js';
import type { ReadAt } from './file.js';

export interface TensorEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Where its bytes are in the file. */
  readonly start: number;
  readonly bytes: number;
}

/** Above this a length can only be damage; the limit of the reference reader. */
const longestHeader = 100_000_000;

/** The tensors of a file in the order of their bytes; throws a UserError where the file is not what it says. */
export function readHeader(path: string, fileBytes: number, readAt: ReadAt): Map<string, TensorEntry> {
  const damaged = (what: string) => new UserError(`${path} is damaged: ${what}; fetch it again.`);
  const prefix = readAt(0, 8);
  if (prefix.length < 8) throw new UserError(`${path} is truncated: it has ${fileBytes} bytes, fewer than a header; fetch it again.`);
  if (prefix.toString('latin1') === 'version ') throw new UserError(`${path} is a Git LFS pointer, not the weights themselves; run "git lfs pull" in its folder.`);
  const length = Number(prefix.readBigUInt64LE());
  if (length > longestHeader) throw damaged(`its header would be ${length} bytes long`);
  if (8 + length > fileBytes) throw new UserError(`${path} is truncated: its header alone needs ${8 + length} bytes and it has ${fileBytes}; fetch it again.`);

  const text = readAt(8, length).toString('utf8');
  const twice = repeatedKey(text);
  if (twice !== null) throw damaged(`it names ${twice} twice`);
  const entries = Object.entries(parseHeader(text, damaged))
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]): [string, TensorEntry] => [name, parseEntry(value, 8 + length) ?? fail(damaged(`its entry for ${name} makes no sense`))])
    .sort(([, a], [, b]) => a.start - b.start || a.bytes - b.bytes);

  let end = 8 + length;
  for (const [name, entry] of entries) {
    if (entry.start !== end) throw damaged(`the bytes of ${name} ${entry.start < end ? 'overlap others' : 'leave a gap'}`);
    end += entry.bytes;
  }
  if (end > fileBytes) throw new UserError(`${path} is truncated: its tensors need ${end} bytes and it has ${fileBytes}; fetch it again.`);
  if (end < fileBytes) throw damaged(`${fileBytes - end} bytes at its end belong to no tensor`);
  return new Map(entries);
}

function parseHeader(text: string, damaged: (what: string) => UserError): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // said below
  }
  throw damaged('its header is not JSON');
}

function parseEntry(value: unknown, dataStart: number): TensorEntry | null {
  if (typeof value !== 'object' || value === null || !('dtype' in value && 'shape' in value && 'data_offsets' in value)) return null;
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(elementBytes, dtype) || !isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) return null;
  const [start, end] = offsets;
  const bytes = sizeOf(shape) * elementBytes[dtype];
  return end - start === bytes ? { dtype, shape, start: dataStart + start, bytes } : null;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

/** A key that stands twice at the top level, which JSON.parse would let pass; null where there is none. */
function repeatedKey(text: string): string | null {
  const seen = new Set<string>();
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === '{') depth++;
    else if (token === '}') depth--;
    else if (depth === 1) {
      if (seen.has(token)) return token;
      seen.add(token);
    }
  }
  return null;
}

function fail(error: Error): never {
  throw error;
}
