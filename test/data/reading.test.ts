import { statSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readMeter, type ReadProgress } from '../../src/data/reading.js';
import { readerOf } from '../../src/data/source/files.js';
import { scratch } from './fixtures.js';

test('news comes after some seconds and with something new in it, with the time that is left', () => {
  const folder = scratch({ a: 'a'.repeat(600), b: 'b'.repeat(400) });
  const told: ReadProgress[] = [];
  let now = 100;
  const meter = readMeter([path.join(folder, 'a'), path.join(folder, 'b')], (progress) => told.push(progress), () => now);
  const at = (time: number, file: string, bytes: number): ReadProgress | undefined => {
    now = time;
    meter(path.join(folder, file), bytes);
    return told.pop();
  };
  expect(at(100, 'a', 0)).toBeUndefined();
  expect(at(102, 'a', 200)).toBeUndefined();
  expect(at(105, 'a', 250)).toEqual({ bytes: 250, total_bytes: 1000, elapsed_time: 5, remaining_time: 15 });
  expect(at(107, 'b', 0)).toBeUndefined();
  expect(at(110, 'b', 5)).toMatchObject({ bytes: 605, elapsed_time: 10 });
  expect(at(120, 'b', 9)).toBeUndefined();
  expect(at(125, 'b', 400)).toMatchObject({ bytes: 1000, remaining_time: 0 });
});

test('what goes on in a later file has its own pace, and no news before something is read', () => {
  const folder = scratch({ a: 'a'.repeat(600), b: 'b'.repeat(400) });
  const told: ReadProgress[] = [];
  let now = 100;
  const meter = readMeter([path.join(folder, 'a'), path.join(folder, 'b')], (progress) => told.push(progress), () => now);
  now = 200; // the files were hashed meanwhile
  meter(path.join(folder, 'b'), 0);
  now = 210;
  meter(path.join(folder, 'b'), 0);
  expect(told).toEqual([]);
  meter(path.join(folder, 'b'), 100);
  expect(told).toEqual([{ bytes: 700, total_bytes: 1000, elapsed_time: 10, remaining_time: 30 }]);
});

const rows = '{"text": "one"}\n{"text": "two"}\n';

test.each<[string, string | Buffer]>([['a.jsonl', rows], ['a.jsonl.gz', gzipSync(rows)], ['a.json', '[{"text": "one"}]'], ['whole.json', '{"data": [{"text": "one"}]}'], ['a.csv', 'text\none\n'], ['a.txt', 'one\ntwo\n']])('%s tells how much of it is read, as it lies on the disk', async (name, content) => {
  const file = path.join(scratch({ [name]: content }), name);
  let read = 0;
  for await (const row of readerOf(file)(file, { textColumn: 'text', runningText: false, onRead: (bytes) => (read = bytes) })) expect(row.file).toBe(file);
  expect(read).toBe(statSync(file).size);
});
