import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadTokenizer, type Tokenizer } from '../../src/data/tokenizer/index.js';
import type { DatasetConfig } from '../../src/config/schema.js';
import { digest, jsonLines, labelsOf, material, prepare, readGolden, scratch, tinyTokenizer, tinyTokenizerFolder, tokensOf, withoutMaterial } from './fixtures.js';

interface Golden {
  readonly own: readonly object[];
  readonly tiny: Readonly<Record<string, { tokens: number[][]; labels: number[][] }>>;
  readonly blocks: { readonly documents: readonly string[]; readonly size: number; readonly rows: number[][] };
  readonly real: Readonly<Record<string, { rows: number; tokens: string; labels: string }>>;
}
const golden = readGolden('rows.json') as Golden;

describe('alpaca rows equal an independent maker in Python', () => {
  test.each(Object.keys(golden.tiny))('cut to %s tokens', async (length) => {
    const { train, cutRows } = await prepare({ dataset: { path: scratch({ 'rows.jsonl': jsonLines(golden.own) }) }, max_length: Number(length) }, await tinyTokenizer());
    expect(tokensOf(train)).toEqual(golden.tiny[length].tokens);
    expect(labelsOf(train)).toEqual(golden.tiny[length].labels);
    expect(cutRows).toBe(golden.own.filter((_, i) => train.fullLength(i) > Number(length)).length);
  });

  test.skipIf(withoutMaterial).each(Object.keys(golden.real))('%s', async (name) => {
    const [demo, folder] = name.split(' ');
    const tokenizer = await loadTokenizer(path.join(material, 'tokenizers', folder));
    const { train } = await prepare({ dataset: { path: path.join(material, 'datasets/llama-factory-demo', `${demo}.json`), max_samples: 250 }, max_length: 256 }, tokenizer);
    expect({ rows: train.length, tokens: digest(tokensOf(train)), labels: digest(labelsOf(train)) }).toEqual(golden.real[name]);
  }, 180_000);
});

describe('stage pretrain', () => {
  test('makes the blocks of group_texts, and keeps the rest as a last row', async () => {
    const { documents, size, rows } = golden.blocks;
    const folder = scratch({ 'train.jsonl': jsonLines(documents.map((text) => ({ text }))) });
    const { train } = await prepare({ dataset: { path: folder, format: 'text' }, stage: 'pretrain', max_length: size }, await tinyTokenizer());
    expect(tokensOf(train).slice(0, rows.length)).toEqual(rows);
    expect(train.length).toBe(rows.length + 1);
    expect(train.tokenCount(rows.length)).toBeLessThan(size);
    expect(labelsOf(train)).toEqual(tokensOf(train));
  });

  test('reads a text file as one running text, or the documents it separates', async () => {
    const tokenizer = await tinyTokenizer();
    const decoded = async (content: string) => {
      const { train } = await prepare({ dataset: { path: scratch({ 'a.txt': content }), format: 'text' }, stage: 'pretrain' }, tokenizer);
      return tokenizer.decode(train.tokens(0), { special: true });
    };
    expect(await decoded('one\r\n\r\ntwo\n')).toBe('<s>one\n\ntwo</s>');
    expect(await decoded('one\n<|endoftext|>\ntwo<|endoftext|>')).toBe('<s>one</s><s>two</s>');
  });
});

/** A row as text, what is learned in square brackets. */
async function shown(row: object, dataset: Partial<DatasetConfig>, tokenizer: Tokenizer): Promise<string> {
  const { train } = await prepare({ dataset: { ...dataset, path: scratch({ 'rows.jsonl': jsonLines([row]) }) } }, tokenizer);
  const ids = train.tokens(0);
  const labels = train.labels(0);
  let text = '';
  for (let t = 0; t < ids.length; ) {
    const learned = labels[t] !== -100;
    let end = t;
    while (end < ids.length && (labels[end] !== -100) === learned) end++;
    const part = tokenizer.decode(ids.subarray(t, end), { special: true });
    text += learned ? `[${part}]` : part;
    t = end;
  }
  return text;
}

describe('what is read and what is learned', () => {
  const chat = [{ from: 'system', value: 'Be kind.' }, { from: 'human', value: 'Hi' }, { from: 'gpt', value: 'Hello' }, { from: 'human', value: 'Bye' }, { from: 'gpt', value: 'So long' }];
  const cases: readonly [string, object, Partial<DatasetConfig>, string][] = [
    ['prompt-completion', { prompt: '1+1=', completion: '2' }, { format: 'prompt-completion' }, '<s>1+1=[2</s>]'],
    ['renamed columns', { q: 'x', a: 'y' }, { format: 'prompt-completion', columns: { prompt: 'q', completion: 'a' } }, '<s>x[y</s>]'],
    ['classification', { text: 'a fine film', label: 'good' }, { format: 'classification' }, '<s>a fine film</s>[good]'],
    ['classification by number', { text: 'a fine film', label: 1 }, { format: 'classification' }, '<s>a fine film</s>[1]'],
    ['text', { text: 'once' }, { format: 'text' }, '[<s>once]'],
    ['alpaca, plain', { instruction: 'Name it', input: 'red', output: 'colour' }, { template: 'plain' }, '<s>Name it\nred\n[colour</s>]'],
    ['alpaca with history', { instruction: 'b', output: 'B', history: [['a', 'A']] }, { template: 'plain' }, '<s>a\n[A</s>]\nb\n[B</s>]'],
    ['alpaca by the own template', { instruction: 'a', output: 'A' }, { template: 'chat_template' }, '<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n[A<|im_end|>\n]'],
    ['sharegpt, chatml', { conversations: chat }, { format: 'sharegpt', template: 'chatml' }, '<s><|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n[Hello<|im_end|></s>]\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n[So long<|im_end|></s>]'],
    ['sharegpt, alpaca', { conversations: chat }, { format: 'sharegpt', template: 'alpaca' }, '<s>Be kind.\n\n### Instruction:\nHi\n\n### Response:\n[Hello</s>]\n\n### Instruction:\nBye\n\n### Response:\n[So long</s>]'],
    ['content in parts', { messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }] }, { role: 'assistant', content: [{ type: 'text', value: 'b' }] }] }, { format: 'chat', template: 'verbatim' }, '<s>a[b</s>]'],
  ];
  test.each(cases)('%s', async (_, row, dataset, expected) => {
    expect(await shown(row, dataset, await tinyTokenizer())).toBe(expected);
  });

  test('an end token that the template writes itself is not doubled', async () => {
    const folder = scratch({ 'tokenizer.json': readFileSync(path.join(tinyTokenizerFolder, 'tokenizer.json')), 'tokenizer_config.json': '{"eos_token": "<|im_end|>"}' });
    const text = await shown({ conversations: chat.slice(1, 3) }, { format: 'sharegpt', template: 'chatml' }, await loadTokenizer(folder));
    expect(text).toBe('<s><|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n[Hello<|im_end|>]');
  });
});

describe('rows that are too long', () => {
  test('of a classification keep both ends of the text, the end token and the label', async () => {
    const tokenizer = await tinyTokenizer();
    const folder = scratch({ 'a.jsonl': jsonLines([{ text: 'word '.repeat(40), label: 'good' }]) });
    const { train, cutRows } = await prepare({ dataset: { path: folder, format: 'classification' }, max_length: 16 }, tokenizer);
    const label = await tokenizer.encode('good', { special: false });
    expect(train.tokenCount(0)).toBe(16);
    expect([...train.tokens(0)].slice(-label.length - 1)).toEqual([2, ...label]);
    expect(train.tokens(0)[0]).toBe(1);
    expect(cutRows).toBe(1);
  });

  test('of a conversation lose their end, and are named when no answer is left', async () => {
    const turn = (answer: string) => [{ role: 'user', content: 'x '.repeat(20) }, { role: 'assistant', content: answer }];
    const folder = scratch({ 'a.jsonl': jsonLines([{ messages: [...turn('yes'), ...turn('no')] }, { messages: [{ role: 'system', content: 'word '.repeat(99) }, ...turn('yes'), ...turn('no')] }]) });
    const { train, rejected, cutRows } = await prepare({ dataset: { path: folder, format: 'chat' }, max_length: 72 }, await tinyTokenizer());
    expect(train.length).toBe(1);
    expect(train.tokenCount(0)).toBe(72);
    expect(cutRows).toBe(2);
    expect(rejected).toEqual([{ file: path.join(folder, 'a.jsonl'), line: 2, reason: expect.stringMatching(/within max_length 72/) as unknown }]);
  });
});
