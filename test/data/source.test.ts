import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readerOf, splitsOf } from '../../src/data/source/files.js';
import { isRejected } from '../../src/data/source/row.js';
import { UserError } from '../../src/util/errors.js';
import { scratch } from './fixtures.js';

/** `line: value` of every row, or `row 1: value` where rows are counted; rejected ones as `line! reason`. */
async function read(name: string, content: string | Buffer, runningText = false): Promise<string[]> {
  const file = path.join(scratch({ [name]: content }), name);
  const rows: string[] = [];
  for await (const row of readerOf(file)(file, { textColumn: 'text', runningText })) {
    const place = `${row.counted ? 'row ' : ''}${row.line}`;
    rows.push(isRejected(row) ? `${place}! ${row.reason}` : `${place}: ${JSON.stringify(row.value)}`);
  }
  return rows;
}

describe('rows and their lines', () => {
  test.each<[string, string, string | Buffer, string[]]>([
    ['JSON Lines with empty lines and \\r\\n', 'a.jsonl', '{"a":1}\r\n\r\n{"a":2}', ['1: {"a":1}', '3: {"a":2}']],
    ['a byte order mark', 'a.jsonl', '\ufeff{"a":1}\n', ['1: {"a":1}']],
    ['rows that are no objects', 'a.jsonl', '{"a":1}\n[2]\n"text"\n7\n', ['1: {"a":1}', '2! a row must be an object with columns or a text, not a list', '3: {"text":"text"}', '4! a row must be an object with columns or a text, not 7']],
    ['a JSON list over several lines', 'a.json', '[\n {"a": "x,]}\\""},\n\n  {"a": [1, {"b": 2}]}\n]\n', ['2: {"a":"x,]}\\""}', '4: {"a":[1,{"b":2}]}']],
    ['a JSON list of texts', 'a.json', '["one", "two"]', ['row 1: {"text":"one"}', 'row 2: {"text":"two"}']],
    ['a JSON list on one line', 'a.json', '[{"a":1},{"a":2},[3],\n{"a":4}]', ['row 1: {"a":1}', 'row 2: {"a":2}', 'row 3! a row must be an object with columns or a text, not a list', 'row 4: {"a":4}']],
    ['a JSON list of one', 'a.json', '\n[{"a":1}]', ['2: {"a":1}']],
    ['an empty list', 'a.json', '[ ]', []],
    ['JSON Lines named .json', 'a.json', '{"a":1}\n{"a":2}\n', ['1: {"a":1}', '2: {"a":2}']],
    ['a list inside an object', 'a.json', '{"version": 1,\n "data": [{"a":1}]}', ['row 1: {"a":1}']],
    ['commas', 'a.csv', 'text,label\n"a, ""b""\nc",1\nd,2\n', ['3: {"text":"a, \\"b\\"\\nc","label":"1"}', '4: {"text":"d","label":"2"}']],
    ['tabs, with a byte order mark', 'a.tsv', '\ufefftext\tlabel\r\nun été\t1\r\n', ['2: {"text":"un été","label":"1"}']],
    ['lines of text', 'a.txt', 'one\n\n  two\r\n', ['1: {"text":"one"}', '3: {"text":"  two"}']],
    ['documents of a text file', 'a.txt', 'one\nmore\n<|endoftext|>\ntwo<|endoftext|>three', ['1: {"text":"one\\nmore"}', '3: {"text":"two"}', '4: {"text":"three"}']],
  ])('%s', async (_, name, content, rows) => {
    expect(await read(name, content)).toEqual(rows);
  });

  test('a running text keeps its line ends', async () => {
    expect(await read('a.txt', 'one\n\ntwo\n', true)).toEqual(['1: {"text":"one\\n\\ntwo"}']);
  });

  test('a running text without end becomes several documents, at line ends', async () => {
    const lines = Array.from({ length: 60_000 }, (_, i) => `${i} ${'x'.repeat(60)}`);
    const documents = (await read('a.txt', lines.join('\n'), true)).map((row) => (JSON.parse(row.slice(row.indexOf(':') + 1)) as { text: string }).text);
    expect(documents.length).toBe(2);
    expect(documents.join('\n').split('\n')).toEqual(lines);
  });

  test('characters and strings may lie across the pieces that a file is read in', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => ({ text: '€😀"\\]'.repeat(i % 50), i }));
    const values = async (name: string, content: string) => (await read(name, content)).map((row) => JSON.parse(row.slice(row.indexOf(':') + 1)) as unknown);
    expect(await values('a.json', JSON.stringify(rows, null, 1))).toEqual(rows);
    expect(await values('a.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'))).toEqual(rows);
  });
});

describe('a damaged file stops with its line', () => {
  test.each<[string, string, string | Buffer, RegExp]>([
    ['bad JSON', 'a.jsonl', '{"a":1}\n{"a":\n', /a\.jsonl:2 is not valid JSON/],
    ['bad JSON in a list', 'a.json', '[{"a":1},\n{"a" 2}]', /a\.json:2 is not valid JSON/],
    ['bad JSON in a list on one line', 'a.json', '[{"a":1},{"a":2},{"a" 3}]', /a\.json, row 3 is not valid JSON .* correct the row/],
    ['a list that is cut off', 'a.json', '[{"a":1},\n{"a":', /a\.json:2 ends in the middle/],
    ['text after a list', 'a.json', '[{"a":1}]\n[2]', /a\.json:2 goes on after the end/],
    ['an object without rows', 'a.json', '{"a":\n1}', /must be a list of rows/],
    ['a number', 'a.json', '3', /must be a list of rows/],
    ['Latin-1', 'a.jsonl', Buffer.from('{"a":1}\n{"a":"\xe9"}\n', 'latin1'), /a\.jsonl:2 is not UTF-8/],
    ['a character cut off at the end', 'a.txt', Buffer.from([0x61, 0x0a, 0xe2, 0x82]), /a\.txt:2 is not UTF-8/],
    ['UTF-16', 'a.csv', Buffer.from('\ufefftext\nx\n', 'utf16le'), /is UTF-16/],
    ['a row with too many cells', 'a.csv', 'text,label\na,1\nb,2,3\n', /a\.csv:3 does not fit the table/],
  ])('%s', async (_, name, content, message) => {
    const error: unknown = await read(name, content).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(String(error)).toMatch(message);
  });
});

describe('splits of a folder', () => {
  const splits = (...files: string[]) => {
    const folder = scratch(Object.fromEntries(files.map((name) => [name, '{}'])));
    const names = (files: readonly string[]) => files.map((file) => path.relative(folder, file));
    const found = splitsOf(folder);
    return { train: names(found.train), validation: names(found.validation), test: names(found.test) };
  };
  test('by the names of files and folders', () => {
    expect(splits('train.jsonl', 'validation.jsonl', 'test.jsonl', 'README.txt')).toEqual({ train: ['train.jsonl'], validation: ['validation.jsonl'], test: ['test.jsonl'] });
    expect(splits('data/train-00001-of-00002.json', 'data/train-00000-of-00002.json', 'data/dev.json')).toEqual({ train: ['data/train-00000-of-00002.json', 'data/train-00001-of-00002.json'], validation: ['data/dev.json'], test: [] });
    expect(splits('train/a.csv', 'val/a.csv', 'train/b.csv')).toEqual({ train: ['train/a.csv', 'train/b.csv'], validation: ['val/a.csv'], test: [] });
    expect(splits('trainee.jsonl', 'b.jsonl', 'valid.jsonl')).toEqual({ train: ['b.jsonl', 'trainee.jsonl'], validation: ['valid.jsonl'], test: [] });
  });
  test('are not looked for in programs and prose, which a pattern has to name', async () => {
    const folder = scratch({ 'lib/tests/test_a.py': 'import os\n\nos.getcwd()\n', 'lib/validation.py': 'x = 1\n', 'lib/empty.py': '\n', 'lib/latin.py': Buffer.from('# caf\xe9\n', 'latin1'), 'notes.md': '# Notes', 'rows.jsonl': '{"text": "a"}\n' });
    const found = splitsOf(path.join(folder, '**/*.py'));
    expect(found).toMatchObject({ validation: [], test: [] });
    const options = { textColumn: 'text', runningText: false };
    const rows: unknown[] = [];
    for (const file of found.train) for await (const row of readerOf(file)(file, options)) rows.push(isRejected(row) ? row.reason : row.value);
    expect(rows).toEqual(['it is not UTF-8 text', { text: 'import os\n\nos.getcwd()' }, { text: 'x = 1' }]);
    expect(splitsOf(folder).train).toEqual([path.join(folder, 'rows.jsonl')]);
    expect(splitsOf(path.join(folder, '*')).train).toEqual([path.join(folder, 'rows.jsonl')]);
    expect(splitsOf(path.join(folder, 'notes.md')).train).toEqual([path.join(folder, 'notes.md')]);
  });
  test('stop where there is nothing to read', () => {
    expect(() => splits('CC-BY-SA4.0.txt', 'LICENSE-2.0.txt', 'SOURCE.txt', 'README.txt', 'CITATION.json')).toThrow(/holds no data files/);
    expect(splits('ccnews.txt', 'apacheday.txt').train).toHaveLength(2);
    expect(() => splits('notes.md')).toThrow(/holds no data files/);
    expect(() => splitsOf('/nowhere/at/all.jsonl')).toThrow(/no such file/);
    expect(() => splitsOf(path.join(scratch({ 'a.xlsx': '' }), 'a.xlsx'))).toThrow(/\.jsonl, .*\.txt/);
  });
});
