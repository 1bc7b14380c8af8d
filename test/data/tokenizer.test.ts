import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadTokenizer } from '../../src/data/tokenizer/index.js';
import { UserError } from '../../src/util/errors.js';
import { corpus, digest, material, readGolden, scratch, tinyTokenizer, tinyTokenizerFolder, withoutMaterial } from './fixtures.js';

interface Golden {
  readonly sentences: readonly string[];
  readonly tokenizers: Readonly<Record<string, { sentences: number[][]; decoded: string[]; corpora: Record<string, { tokens: number; sha256: string }> }>>;
}
const golden = readGolden('tokens.json') as Golden;

describe.skipIf(withoutMaterial)('ids and texts equal those of the Python library', () => {
  test.each(Object.keys(golden.tokenizers))('%s', async (folder) => {
    const tokenizer = await loadTokenizer(path.join(material, folder));
    const expected = golden.tokenizers[folder];
    const encoded = await tokenizer.encodeBatch(golden.sentences);
    expect(encoded.map((ids) => [...ids])).toEqual(expected.sentences);
    expect(encoded.map((ids) => tokenizer.decode(ids, { special: true }))).toEqual(expected.decoded);
    for (const [name, { tokens, sha256 }] of Object.entries(expected.corpora)) {
      const rows = await tokenizer.encodeBatch(corpus(name));
      expect(rows.reduce((sum, ids) => sum + ids.length, 0), name).toBe(tokens);
      expect(digest(rows), name).toBe(sha256);
    }
  }, 180_000);
});

test.skipIf(withoutMaterial)("GPT-2's vocab.json and merges.txt give the ids of its tokenizer.json", async () => {
  const folder = scratch({ 'config.json': '{"model_type": "gpt2"}' });
  copyFileSync(path.join(material, 'tokenizers/gpt2/vocab.json'), path.join(folder, 'vocab.json'));
  copyFileSync(path.join(material, 'tokenizers/gpt2/vocab.bpe'), path.join(folder, 'merges.txt'));
  const tokenizer = await loadTokenizer(folder);
  const encoded = await tokenizer.encodeBatch(golden.sentences);
  expect(encoded.map((ids) => [...ids])).toEqual(golden.tokenizers['tokenizers/gpt2'].sentences);
  expect(tokenizer).toMatchObject({ eosId: 50256, vocabSize: 50257 });
});

describe('special tokens', () => {
  test.skipIf(withoutMaterial)('are read from the files that name them', async () => {
    const ids = async (folder: string) => {
      const { bosId, eosId, padId, prefix, suffix } = await loadTokenizer(path.join(material, folder));
      return { bosId, eosId, padId, prefix, suffix };
    };
    expect(await ids('models/stories260k')).toEqual({ bosId: 1, eosId: 2, padId: null, prefix: [1], suffix: [] });
    expect(await ids('tokenizers/tinyllama')).toEqual({ bosId: 1, eosId: 2, padId: 2, prefix: [1], suffix: [] });
    expect(await ids('tokenizers/gpt2')).toEqual({ bosId: null, eosId: 50256, padId: null, prefix: [], suffix: [] });
    expect(await ids('tokenizers/bert-base-uncased-mit')).toEqual({ bosId: null, eosId: null, padId: 0, prefix: [101], suffix: [102] });
    expect(await ids('tokenizers/bart-large-cnn')).toEqual({ bosId: 0, eosId: 2, padId: 1, prefix: [0], suffix: [2] });
  });

  test("fall back to the ids in the model's config.json", async () => {
    const folder = scratch({ 'config.json': '{"bos_token_id": 7, "eos_token_id": [8, 9]}' });
    copyFileSync(path.join(tinyTokenizerFolder, 'tokenizer.json'), path.join(folder, 'tokenizer.json'));
    expect(await loadTokenizer(folder)).toMatchObject({ bosId: 7, eosId: 8, padId: null });
  });

  test('add_bos_token counts where tokenizer.json leaves the question open', async () => {
    const definition = JSON.parse(readFileSync(path.join(tinyTokenizerFolder, 'tokenizer.json'), 'utf8')) as Record<string, unknown>;
    const folder = scratch({ 'tokenizer.json': JSON.stringify({ ...definition, post_processor: null }) });
    const prefix = async (config: object) => {
      writeFileSync(path.join(folder, 'tokenizer_config.json'), JSON.stringify({ bos_token: '<s>', ...config }));
      return (await loadTokenizer(folder)).prefix;
    };
    expect(await prefix({})).toEqual([]);
    expect(await prefix({ add_bos_token: false })).toEqual([]);
    expect(await prefix({ add_bos_token: true })).toEqual([1]);
  });
});

describe('tokens as text', () => {
  test('keep their leading space and join to the text', async () => {
    const tokenizer = await tinyTokenizer();
    const text = 'Name a colour. It is red';
    const ids = await tokenizer.encode(text, { special: false });
    expect(Array.from(ids, (id) => tokenizer.token(id)).join('')).toBe(text);
    expect(tokenizer.token(99_999)).toBe('<99999>');
  });

  test('special tokens are shown only when asked for', async () => {
    const tokenizer = await tinyTokenizer();
    const ids = [1, ...(await tokenizer.encode('red', { special: false })), 2];
    expect(tokenizer.decode(ids)).toBe('red');
    expect(tokenizer.decode(ids, { special: true })).toBe('<s>red</s>');
  });

  test('places are in UTF-16 units', async () => {
    const tokenizer = await tinyTokenizer();
    const text = '😀 red 😀x';
    const [{ starts, ends }] = await tokenizer.locateBatch([text]);
    expect(ends[ends.length - 1]).toBe(text.length);
    expect(text.slice(starts[starts.length - 1], ends[ends.length - 1])).toBe('x');
  });
});

describe('folders that cannot be used', () => {
  test.each<[string, string | Record<string, string>, RegExp]>([
    ['no such folder', '/nowhere/at/all', /does not exist/],
    ['no tokenizer.json', { 'vocab.json': '{}' }, /has no tokenizer\.json/],
    ['a damaged tokenizer.json', { 'tokenizer.json': '{"model": 3' }, /cannot be read/],
    ['a damaged config', { 'tokenizer.json': '{}', 'tokenizer_config.json': '{' }, /tokenizer_config\.json is not valid JSON/],
  ])('%s', async (_, folder, message) => {
    const place = typeof folder === 'string' ? folder : scratch(folder);
    const error: unknown = await loadTokenizer(place).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(String(error)).toMatch(message);
  });
});
