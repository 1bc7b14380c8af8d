/** Tokenising that was interrupted goes on where it stopped, and comes to the same bytes. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { cachedDocuments } from '../../src/data/cache/documents.js';
import type { Corpus } from '../../src/data/encode/encode-parts.js';
import { readerOf } from '../../src/data/source/files.js';
import { prepareDataset } from '../../src/data/dataset.js';
import { rowRule } from '../../src/data/rule.js';
import { setsOf } from '../../src/data/sets.js';
import { rowTemplate } from '../../src/data/template/formats.js';
import { goldenFolder, jsonLines, scratch, settings, tinyTokenizer, tinyTokenizerFolder } from './fixtures.js';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const partUnits = 600;

/** Rows with near duplicates far apart, rows that cannot be used, weights, and words to filter by. */
const rows = Array.from({ length: 300 }, (_, i) => {
  const words = Array.from({ length: 12 }, (__, w) => `w${i % 7 === 6 ? w + (i % 2) * 100 : i * 31 + w * 7}`).join(' ');
  return i % 41 === 40 ? { text: '' } : { text: `${words} ${i % 5 === 4 ? 'spam' : 'good'}`, weight: 1 + (i % 3) };
});
const files = {
  'a.jsonl': jsonLines(rows.slice(0, 120)),
  'b.csv': `text,weight\n${rows.slice(120, 200).map(({ text, weight }) => `${text},${weight ?? 1}\n`).join('')}`,
  'c.json': JSON.stringify(rows.slice(200, 260)),
  'd.jsonl': jsonLines(rows.slice(260)),
};

/** Kills its own process, as `kill -9` does, when there are so many parts. */
const recipe = `
import { readdirSync } from 'node:fs';
const { KILL_AT, PARTS_IN } = process.env;
const parts = () => readdirSync(PARTS_IN).filter((name) => name.endsWith('.parts')).flatMap((name) => readdirSync(PARTS_IN + '/' + name));
export default {
  model: 'none',
  dataset: { path: 'unused' },
  filter: (row) => {
    if (KILL_AT !== undefined && parts().length >= Number(KILL_AT)) process.kill(process.pid, 'SIGKILL');
    return !String(row.text).includes('spam');
  },
};
`;

const child = `
import { prepareDataset } from './dist/data/dataset.js';
import { loadTokenizer } from './dist/data/tokenizer/index.js';
const [settings, cacheFolder, tokenizer] = JSON.parse(process.argv[1]);
await prepareDataset(settings, await loadTokenizer(tokenizer), { cacheFolder, partUnits: ${partUnits} });
`;

function tokeniseInChild(of: object, cache: string, killAt: number): Promise<NodeJS.Signals | null> {
  return new Promise((resolve) => {
    const env = { ...process.env, KILL_AT: String(killAt), PARTS_IN: cache };
    const run = execFile(process.execPath, ['--input-type=module', '-e', child, JSON.stringify([of, cache, tinyTokenizerFolder])], { cwd: repository, env }, () => resolve(run.signalCode));
  });
}

const partsIn = (cache: string): string[] => readdirSync(cache).filter((name) => name.endsWith('.parts')).flatMap((name) => readdirSync(path.join(cache, name)).map((part) => path.join(cache, name, part)));

test('a process that is killed twice leaves its parts, and the next one ends with the bytes of one that was not', async () => {
  const folder = scratch({ ...files, 'recipe.mjs': recipe });
  const of = settings({ dataset: { path: folder, format: 'text', dedupe: 'near', weight_column: 'weight' }, recipe: { path: path.join(folder, 'recipe.mjs'), sha256: null } });
  const [cache, whole] = [scratch(), scratch()];
  expect(await tokeniseInChild(of, cache, 2)).toBe('SIGKILL');
  expect(partsIn(cache).length).toBe(2);
  expect(await tokeniseInChild(of, cache, 4)).toBe('SIGKILL');
  expect(partsIn(cache).length).toBe(4);

  const tokenizer = await tinyTokenizer();
  const goneOn = await prepareDataset(of, tokenizer, { cacheFolder: cache, partUnits });
  const once = await prepareDataset(of, tokenizer, { cacheFolder: whole });
  expect(readdirSync(cache)).toEqual(readdirSync(whole));
  const [name] = readdirSync(whole);
  expect(readFileSync(path.join(cache, name)).equals(readFileSync(path.join(whole, name)))).toBe(true);
  expect(goneOn.shares).toEqual(once.shares);
  expect(goneOn.shares[0].dropped).toMatchObject({ filter: expect.any(Number) as number, duplicate: expect.any(Number) as number });
  expect(goneOn.rejected).toEqual(once.rejected);
});

describe('what is left of an interrupted one', () => {
  /** A corpus that notes where each file is read from, and stops with an error before one of its rows. */
  const setup = async (dedupe: 'none' | 'exact' | 'near' = 'near') => {
    const folder = scratch(files);
    const tokenizer = await tinyTokenizer();
    const { dataset, stage } = settings({ dataset: { path: folder, format: 'text', dedupe } });
    const [set] = setsOf(dataset, stage, '.');
    const begun: string[] = [];
    const corpus = (failAt = Infinity): Corpus => ({
      files: Object.keys(files).map((name) => path.join(folder, name)),
      async *read(file, after) {
        begun.push(`${path.basename(file)}:${after}`);
        for await (const row of readerOf(file)(file, { textColumn: 'text', runningText: false, after })) {
          if (row.line === failAt && file.endsWith('d.jsonl')) throw new Error('interrupted');
          yield row;
        }
      },
      tokenizer, tokenWeights: null, maxRows: null, partUnits,
      rule: () => rowRule(set, { dataset, functions: {}, tokenizer, template: () => rowTemplate(set, tokenizer) }),
      shape: (example) => example,
    });
    const place = { folder: scratch(), key: 'f'.repeat(64) };
    const bytes = () => readFileSync(path.join(place.folder, `${'f'.repeat(32)}.tokens`));
    const interrupt = () => expect(cachedDocuments(place, corpus(36))).rejects.toThrow('interrupted');
    const expected = async (): Promise<Buffer> => {
      const other = { ...place, folder: scratch() };
      await cachedDocuments(other, corpus());
      return readFileSync(path.join(other.folder, `${'f'.repeat(32)}.tokens`));
    };
    return { corpus, place, begun, bytes, interrupt, expected };
  };

  test('is not read again', async () => {
    const { corpus, place, begun, bytes, interrupt, expected } = await setup();
    await interrupt();
    begun.length = 0;
    await cachedDocuments(place, corpus());
    expect(begun.length).toBe(1);
    expect(begun[0]).toMatch(/^d\.jsonl:[1-9]/);
    expect(bytes()).toEqual(await expected());
  });

  test.each([1, 3])('is made anew where part %i is damaged, and only there', async (damaged) => {
    const { corpus, place, begun, bytes, interrupt, expected } = await setup();
    await interrupt();
    const parts = partsIn(place.folder);
    const content = readFileSync(parts[damaged]);
    writeFileSync(parts[damaged], content.map((byte, at) => (at === 100 ? byte ^ 1 : byte)));
    begun.length = 0;
    await cachedDocuments(place, corpus());
    expect(begun[0]).not.toMatch(/^a\.jsonl:0/);
    expect(begun.at(-1)).toMatch(/^d\.jsonl:[1-9]/); // the whole parts behind it count
    expect(bytes()).toEqual(await expected());
  });

  test('goes when the whole file is read, but not while another process may still write it', async () => {
    const { corpus, place } = await setup();
    await cachedDocuments(place, corpus());
    const parts = path.join(place.folder, `${'f'.repeat(32)}.parts`);
    mkdirSync(parts);
    writeFileSync(path.join(parts, '000000.tokens'), 'left');
    expect((await cachedDocuments(place, corpus())).use).toBe('read');
    expect(existsSync(parts)).toBe(true);
    const hourAgo = Date.now() / 1000 - 3600;
    utimesSync(parts, hourAgo, hourAgo);
    expect((await cachedDocuments(place, corpus())).use).toBe('read');
    expect(readdirSync(place.folder)).toEqual([`${'f'.repeat(32)}.tokens`]);
  });

  test('two at once come to the same, and leave nothing else behind', async () => {
    const { corpus, place, bytes, interrupt, expected } = await setup('exact');
    await interrupt();
    const [one, other] = await Promise.all([cachedDocuments(place, corpus()), cachedDocuments(place, corpus())]);
    expect(one.documents.starts).toEqual(other.documents.starts);
    expect(readdirSync(place.folder)).toEqual([`${'f'.repeat(32)}.tokens`]);
    expect(bytes()).toEqual(await expected());
  });
});

test.each(['rows.jsonl', 'rows.jsonl.gz', 'zstd.parquet', 'plain.feather'])('%s is read from any row on', async (name) => {
  const file = path.join(goldenFolder, 'columns', name);
  const readAfter = async (after: number) => {
    const found: unknown[] = [];
    for await (const row of readerOf(file)(file, { textColumn: 'text', runningText: false, after })) found.push(row);
    return found;
  };
  const all = await readAfter(0);
  for (const after of [1, all.length - 1, all.length]) expect(await readAfter(after)).toEqual(all.slice(after));
});
