/** Column files and compressed ones, as pyarrow, `datasets` and zstandard wrote them (golden/columns.py). */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readerOf, splitsOf } from '../../src/data/source/files.js';
import { isRejected } from '../../src/data/source/row.js';
import { goldenFolder, material, scratch, withoutMaterial } from './fixtures.js';

const columns = path.join(goldenFolder, 'columns');

async function rowsOf(files: readonly string[]): Promise<{ lines: number[]; values: unknown[] }> {
  const lines: number[] = [];
  const values: unknown[] = [];
  for (const file of files) {
    for await (const row of readerOf(file)(file, { textColumn: 'text', runningText: false })) {
      if (isRejected(row)) throw new Error(row.reason);
      lines.push(row.line);
      values.push(row.value);
    }
  }
  return { lines, values };
}

const written = readFileSync(path.join(columns, 'rows.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as unknown);
const inOrder = written.map((_, i) => i + 1);

test.each(['none.parquet', 'snappy.parquet', 'gzip.parquet', 'zstd.parquet', 'brotli.parquet', 'plain.feather', 'rows.jsonl.gz', 'rows.jsonl.zst'])('%s holds the same rows', async (name) => {
  const { lines, values } = await rowsOf([path.join(columns, name)]);
  expect(values).toEqual(written);
  expect(lines).toEqual(inOrder);
});

test('a folder written by save_to_disk has its splits, and only the files it names', async () => {
  const { train, validation, test: held } = splitsOf(path.join(columns, 'saved'));
  expect(validation).toEqual([]);
  expect((await rowsOf(train)).values).toEqual(written.slice(0, 5));
  expect((await rowsOf(held)).values).toEqual(written.slice(5));

  const state = { _data_files: [{ filename: 'data-00000-of-00001.arrow' }] };
  const folder = scratch({ 'state.json': JSON.stringify(state), 'data-00000-of-00001.arrow': readFileSync(train[0]), 'cache-0123.arrow': 'left over' });
  expect(splitsOf(folder).train).toEqual([path.join(folder, 'data-00000-of-00001.arrow')]);
});

test('a pattern takes what it matches, with the names of splits below its fixed part', () => {
  const folder = scratch({ 'train/a.jsonl': '', 'train/b.jsonl.gz': '', 'train/c.csv': '', 'train/test.jsonl': '', 'other/d.jsonl': '', 'README.json': '' });
  const names = (pattern: string) => Object.fromEntries(Object.entries(splitsOf(path.join(folder, pattern))).map(([split, files]) => [split, (files as string[]).map((file) => path.relative(folder, file))]));
  expect(names('train/*.jsonl*')).toEqual({ train: ['train/a.jsonl', 'train/b.jsonl.gz'], validation: [], test: ['train/test.jsonl'] });
  expect(names('**/{a,d}.jsonl')).toEqual({ train: ['train/a.jsonl'], validation: [], test: [] });
  expect(() => splitsOf(path.join(folder, '*.txt'))).toThrow(/no data file in .* matches \*\.txt/);
});

describe('a damaged file is the user\'s to replace', () => {
  test.each(['snappy.parquet', 'rows.jsonl.gz', 'rows.jsonl.zst', 'plain.feather', 'saved/train/data-00000-of-00001.arrow'])('%s, its end missing', async (name) => {
    const whole = readFileSync(path.join(columns, name));
    const file = path.join(scratch(), path.basename(name));
    writeFileSync(file, whole.subarray(0, whole.length * 0.7));
    await expect(rowsOf([file])).rejects.toThrow(/: get it again/);
  });

  test.each(['a.parquet', 'a.arrow', 'a.feather', 'a.jsonl.gz', 'a.jsonl.zst'])('%s that is something else', async (name) => {
    const file = path.join(scratch({ [name]: 'this is no such file, but a text' }), name);
    await expect(rowsOf([file])).rejects.toThrow(/: get it again/);
  });
});

describe.skipIf(withoutMaterial)('real files', () => {
  test('parquet', async () => {
    const { train, test: held } = splitsOf(path.join(material, 'datasets/parquet-sentiment'));
    expect((await rowsOf(train)).values).toHaveLength(2411);
    expect((await rowsOf(held)).values).toHaveLength(1047);
  });

  test('a saved dataset of an older version', async () => {
    const folder = path.join(material, 'datasets/arrow-tinybook-datasetdict');
    expect(existsSync(folder)).toBe(true);
    const { values } = await rowsOf(splitsOf(folder).train);
    expect(values).toHaveLength(453);
    expect(values.every((row) => typeof (row as { text: unknown }).text === 'string')).toBe(true);
  });
});
