import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { byteLevelPreTokenizer } from 'tokenizers';
import { describe, expect, test } from 'vitest';
import type { Prompt, Row } from '../../../src/config/define.js';
import { datasetTexts, fileTexts } from '../../../src/data/corpus.js';
import { loadTokenizer } from '../../../src/data/tokenizer/index.js';
import { learnTokenizer } from '../../../src/data/tokenizer/train/index.js';
import { type Bpe, trainBpe } from '../../../src/data/tokenizer/train/bpe.js';
import { byteAlphabet, WordCounts } from '../../../src/data/tokenizer/train/words.js';
import { UserError } from '../../../src/util/errors.js';
import { jsonLines, material, readGolden, scratch, settings, withoutMaterial } from '../fixtures.js';

interface Golden {
  readonly texts: readonly string[];
  readonly small: readonly { vocab_size: number; min_frequency: number; vocab: string[]; merges: [string, string][] }[];
  readonly tinyshakespeare: readonly { as: 'whole' | 'lines'; tokens: number; merges: number; vocab_sha256: string; merges_sha256: string }[];
}
const golden = readGolden('trained.json') as Golden;

function countsOf(texts: readonly string[]): WordCounts {
  const words = new WordCounts(byteLevelPreTokenizer(false));
  for (const text of texts) words.add(text);
  return words;
}

const sha256 = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

describe("a vocabulary learned here equals that of Python's tokenizers", () => {
  test.each(golden.small)('$vocab_size tokens, pairs seen $min_frequency times', ({ vocab_size, min_frequency, vocab, merges }) => {
    const made = trainBpe(countsOf(golden.texts).counts, { vocabSize: vocab_size, minFrequency: min_frequency, special: ['<s>', '<|endoftext|>'] });
    expect(made).toEqual({ vocab, merges } satisfies Bpe);
  });

  test.skipIf(withoutMaterial).each(golden.tinyshakespeare)('2000 merges of tinyshakespeare, $as', (expected) => {
    const text = readFileSync(path.join(material, 'datasets/tinyshakespeare/input.txt'), 'utf8');
    const made = trainBpe(countsOf(expected.as === 'whole' ? [text] : text.split('\n')).counts, { vocabSize: 2257, minFrequency: 2, special: ['<|endoftext|>'] });
    expect([made.vocab.length, made.merges.length]).toEqual([expected.tokens, expected.merges]);
    expect(sha256(made.merges)).toBe(expected.merges_sha256);
    expect(sha256(made.vocab)).toBe(expected.vocab_sha256);
  });
});

test('words are those of the library, whatever character', () => {
  const library = byteLevelPreTokenizer(false);
  const alphabet = byteAlphabet();
  const written = (word: string) => Array.from(Buffer.from(word), (byte) => alphabet[byte]).join('');
  const codes = Array.from({ length: 0x8000 }, (_, i) => (i < 0x4000 ? i : 0xe000 + (i - 0x4000) * 5)); // to U+21FFB
  const texts = Array.from({ length: codes.length / 64 }, (_, part) => codes.slice(64 * part, 64 * (part + 1)).map((code) => `a${String.fromCodePoint(code)}1 ${String.fromCodePoint(code)}! `).join(''));
  const expected = new Map<string, number>();
  for (const text of texts) for (const [word] of library.preTokenizeString(text)) expected.set(word, (expected.get(word) ?? 0) + 1);
  expect(new Map(Array.from(countsOf(texts).counts, ([word, count]) => [written(word), count]))).toEqual(expected);
});

describe('a tokenizer from data files', () => {
  const options = { vocabSize: 300, special: ['<|endoftext|>'], minFrequency: 2 };
  const rows = jsonLines([{ text: 'the cat sat on the mat', language: 'en' }, { text: 'die Katze saß auf der Matte', language: 'de' }]);

  test('is written whole, and read by this program', async () => {
    const folder = path.join(scratch({ 'rows.jsonl': rows }), 'new');
    const learned = await learnTokenizer(fileTexts([path.join(folder, '../rows.jsonl')], null), { ...options, folder });
    expect(learned).toMatchObject({ texts: 2, bytes: 50 });
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer).toMatchObject({ vocabSize: learned.vocabSize, bosId: 0, eosId: 0, padId: 0, prefix: [], suffix: [] });
    const ids = await tokenizer.encode('the Katze 😀');
    expect(ids.length).toBeLessThan(14);
    expect(tokenizer.decode(ids)).toBe('the Katze 😀');
  });

  test('names its special tokens by what they are', async () => {
    const folder = path.join(scratch({ 'rows.jsonl': rows }), 'new');
    await learnTokenizer(fileTexts([path.join(folder, '../rows.jsonl')], 'text'), { ...options, special: ['<pad>', '<s>', '</s>'], folder });
    expect(await loadTokenizer(folder)).toMatchObject({ padId: 0, bosId: 1, eosId: 2 });
  });

  test("of an experiment's dataset learns from the rows that its filter takes", async () => {
    const place = path.join(scratch({ 'rows.jsonl': rows }), 'rows.jsonl');
    const { dataset } = settings({ dataset: { path: place, format: 'text', filter: { contains: [], excludes: [], matches: null, min_length: 0, max_length: null, where: { language: ['de'] } } } });
    const texts: string[] = [];
    for await (const text of datasetTexts(dataset, 'pretrain')) texts.push(text);
    expect(texts).toEqual(['die Katze saß auf der Matte']);

    const { dataset: all } = settings({ dataset: { path: place, format: 'text' } });
    const prompt = (row: Row) => (row.language === 'en' ? { prompt: String(row.text), completion: 'yes' } : 1) as Prompt;
    const written: string[] = [];
    for await (const text of datasetTexts(all, 'sft', { prompt })) written.push(text);
    expect(written).toEqual(['the cat sat on the mat\nyes']);
  });

  test.each<[string, Partial<typeof options> & { column?: string; taken?: boolean; rows?: string }, RegExp]>([
    ['too small a vocabulary', { vocabSize: 256 }, /--vocab-size 256 is too small: 256 bytes and the special tokens alone are 257/],
    ['no special token', { special: [] }, /--special needs at least one token/],
    ['a folder that has one', { taken: true }, /already holds a tokenizer\.json, which is not written over/],
    ['no text', { column: 'story' }, /no text to learn from/],
    ['columns that are no text', { rows: '{"a": 1, "b": 2}' }, /has the columns a, b, none of them a known text; say which one with --column/],
  ])('%s is said before anything is written', async (_, { column, taken, rows: own, ...changed }, message) => {
    const place = scratch({ 'rows.jsonl': own ?? rows, ...(taken ? { 'new/tokenizer.json': '{}' } : {}) });
    const folder = path.join(place, 'new');
    const error: unknown = await learnTokenizer(fileTexts([path.join(place, 'rows.jsonl')], column ?? null), { ...options, ...changed, folder }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(String(error)).toMatch(message);
    expect(existsSync(path.join(folder, 'tokenizer_config.json'))).toBe(false);
  });
});
