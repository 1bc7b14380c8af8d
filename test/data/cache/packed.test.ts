import { rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { idBytes, packedBytes } from '../../../src/data/cache/packed.js';
import { openTokenFile, writeTokenFile } from '../../../src/data/cache/token-file.js';
import { kept, largestId } from '../../../src/data/codes.js';
import { Random } from '../../../src/util/random.js';
import { scratch } from '../fixtures.js';

/** Ids up to `largest`, learned and not. */
function tokens(count: number, largest: number): Int32Array {
  const random = new Random(7, 'tokens', largest);
  const codes = Int32Array.from({ length: count }, () => kept(random.below(largest + 1), random.uniform() < 0.7));
  codes[count >> 1] = kept(largest, false);
  codes[count - 1] = kept(0, false);
  return codes;
}

/** Writes them as they come, in pieces of these lengths. */
async function written(codes: Int32Array, lengths: readonly number[]): Promise<string> {
  const file = path.join(scratch(), 'a.tokens');
  let from = 0;
  await writeTokenFile(file, async (sink) => {
    for (const length of lengths) await sink(codes.subarray(from, (from += length)));
    await sink(codes.subarray(from));
    return { columns: { starts: Float64Array.of(0, codes.length) }, meta: null };
  }, { largest: largestId(codes), synced: false });
  return file;
}

test.each([[1, 255], [2, 256], [2, 65_535], [3, 65_536], [3, 2 ** 24 - 1], [4, 2 ** 24], [4, 2 ** 31 - 1]])('ids take %d bytes where the largest is %d, and every stretch comes back', async (width, largest) => {
  expect(idBytes(largest)).toBe(width);
  const codes = tokens(1003, largest);
  const { tokens: store } = (await openTokenFile(await written(codes, [3, 0, 8, 490])))!;
  expect([store.length, store.heldBytes]).toEqual([1003, packedBytes(1003, width)]);
  expect(store.read(0, 1003)).toEqual(codes);
  for (const [start, count] of [[0, 0], [0, 1], [7, 1], [8, 8], [5, 900], [994, 9], [1003, 0]]) expect(store.read(start, count)).toEqual(codes.slice(start, start + count));
});

test('what is too large to be held is read where it lies, and stays readable when the file is gone', async () => {
  const codes = tokens(8_000_003, 511); // 17 MB
  const file = await written(codes, [1_000_001]);
  expect(statSync(file).size).toBeLessThan(2.13 * codes.length + 1000);
  const { tokens: store } = (await openTokenFile(file))!;
  expect(store.heldBytes).toBe(0);
  store.ahead(7_999_000, 1003);
  for (const [start, count] of [[0, 100], [999_990, 100], [7_999_000, 1003]]) expect(store.read(start, count)).toEqual(codes.slice(start, start + count));
  rmSync(file);
  expect(store.read(4_000_000, 1)).toEqual(codes.slice(4_000_000, 4_000_001));
});

test('an id larger than it was said to be is refused, not cut', async () => {
  const file = path.join(scratch(), 'a.tokens');
  const write = writeTokenFile(file, async (sink) => {
    await sink(Int32Array.of(1, 2, 3, 4, 5, 6, 7, 256));
    return { columns: {}, meta: null };
  }, { largest: 255 });
  await expect(write).rejects.toThrow('token 256 does not fit in 1 bytes');
});
