import { copyFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadTokenizer } from '../../../src/data/tokenizer/index.js';
import { UserError } from '../../../src/util/errors.js';
import { corpus, digest, material, readGolden, scratch, withoutMaterial } from '../fixtures.js';

interface Golden {
  readonly texts: readonly string[];
  readonly tokenizers: Readonly<Record<string, { texts: number[][]; corpora: Record<string, { tokens: number; sha256: string }> }>>;
}
const golden = readGolden('older-tokens.json') as Golden;

/** A folder of files of the material alone, by the name they have there and the one they are to have. */
function folderOf(files: Readonly<Record<string, string>>, own: Readonly<Record<string, string>> = {}): string {
  const folder = scratch(own);
  for (const [name, source] of Object.entries(files)) copyFileSync(path.join(material, source), path.join(folder, name));
  return folder;
}

const originals: Readonly<Record<string, { files: Record<string, string>; own?: Record<string, string>; special: boolean }>> = {
  'llama2-spm': { files: { 'tokenizer.model': 'tokenizers/llama2-spm/tokenizer.model' }, special: false },
  'mistral-7b-v0.3': { files: { 'tokenizer.model.v3': 'tokenizers/mistral-7b-v0.3/tokenizer.model.v3' }, special: false },
  'chatglm-6b': { files: { 'ice_text.model': 'tokenizers/chatglm-6b/ice_text.model', 'tokenizer_config.json': 'tokenizers/chatglm-6b/tokenizer_config.json' }, special: false },
  bert: { files: { 'vocab.txt': 'tokenizers/bert-base-uncased-mit/vocab.txt' }, special: true },
  'bert cased': { files: { 'vocab.txt': 'tokenizers/bert-base-uncased-mit/vocab.txt' }, own: { 'tokenizer_config.json': '{"do_lower_case": false}' }, special: true },
  'bert accents': { files: { 'vocab.txt': 'tokenizers/bert-base-uncased-mit/vocab.txt' }, own: { 'tokenizer_config.json': '{"strip_accents": false, "tokenize_chinese_chars": false}' }, special: true },
};

describe.skipIf(withoutMaterial)("older files give the original's ids", () => {
  test.each(Object.keys(originals))('%s', async (name) => {
    const { files, own, special } = originals[name];
    const tokenizer = await loadTokenizer(folderOf(files, own));
    const encoded = await tokenizer.encodeBatch(golden.texts, { special });
    const expected = golden.tokenizers[name];
    for (const [i, text] of golden.texts.entries()) {
      const [ids, original] = [[...encoded[i]], expected.texts[i]];
      // Ways of the same score to divide one letter's run: SentencePiece's rounding to single precision chooses.
      if (name === 'chatglm-6b' && /^(.)\1{50,}$/.test(text)) expect(ids.sort()).toEqual(original.toSorted());
      else expect(ids, JSON.stringify(text)).toEqual(original);
    }
    for (const [corpusName, { tokens, sha256 }] of Object.entries(expected.corpora)) {
      const rows = await tokenizer.encodeBatch(corpus(corpusName), { special });
      expect(rows.reduce((sum, ids) => sum + ids.length, 0), corpusName).toBe(tokens);
      expect(digest(rows), corpusName).toBe(sha256);
    }
  }, 120_000);
});

/** Texts of llama.cpp and the ids that the originals give them, without what goes around a text. */
function vectors(name: string): { texts: string[]; ids: number[][] } {
  const file = path.join(material, 'fixtures/tokenizer-vectors-llamacpp', `ggml-vocab-${name}.gguf`);
  const texts = readFileSync(`${file}.inp`, 'utf8').split('\n__ggml_vocab_test__\n');
  const lines = readFileSync(`${file}.out`, 'utf8').split('\n').slice(0, texts.length);
  return { texts, ids: lines.map((line) => line.split(' ').filter((id) => id !== '').map(Number)) };
}

/**
 * Falcon and StarCoder have words of their own and were published with tokenizer.json alone; the vocabulary of Llama 3 is not at hand.
 */
const vectorFolders: Readonly<Record<string, { files: Record<string, string>; own?: Record<string, string> }>> = {
  'llama-spm': { files: { 'tokenizer.model': 'tokenizers/llama2-spm/tokenizer.model' } },
  'phi-3': { files: { 'tokenizer.model': 'tokenizers/llama2-spm/tokenizer.model' }, own: { 'config.json': '{"model_type": "phi3"}' } },
  'gpt-2': { files: { 'vocab.json': 'tokenizers/gpt2/vocab.json', 'merges.txt': 'tokenizers/gpt2/vocab.bpe' }, own: { 'config.json': '{"model_type": "gpt2"}' } },
  'roberta-bpe': { files: { 'vocab.json': 'tokenizers/bart-large-cnn/vocab.json', 'merges.txt': 'tokenizers/bart-large-cnn/merges.txt' }, own: { 'tokenizer_config.json': '{"tokenizer_class": "RobertaTokenizer"}' } },
  qwen2: { files: { 'vocab.json': 'tokenizers/qwen2/vocab.json', 'merges.txt': 'tokenizers/qwen2/merges.txt', 'tokenizer_config.json': 'tokenizers/qwen2/tokenizer_config.json' } },
  'bert-bge': { files: { 'vocab.txt': 'tokenizers/bert-base-uncased-mit/vocab.txt' } },
};

describe.skipIf(withoutMaterial)("older files give the ids of llama.cpp's vectors", () => {
  test.each(Object.keys(vectorFolders))('%s', async (name) => {
    const { files, own } = vectorFolders[name];
    const tokenizer = await loadTokenizer(folderOf(files, own));
    const { texts, ids } = vectors(name);
    expect(ids.length).toBe(texts.length);
    const encoded = await tokenizer.encodeBatch(texts, { special: false });
    for (const [i, text] of texts.entries()) expect.soft([...encoded[i]], JSON.stringify(text)).toEqual(ids[i]);
  }, 180_000);
});

describe.skipIf(withoutMaterial)('what goes around a text, and its special tokens', () => {
  const loaded = async (name: string, files: Record<string, string>, own: Record<string, string> = {}) => {
    const tokenizer = await loadTokenizer(folderOf(files, own));
    const { prefix, suffix, bosId, eosId, padId, maskId, vocabSize } = tokenizer;
    return { tokenizer, name, ids: { prefix, suffix, bosId, eosId, padId, maskId, vocabSize } };
  };
  const llama = { 'tokenizer.model': 'tokenizers/llama2-spm/tokenizer.model' };
  const bart = { 'vocab.json': 'tokenizers/bart-large-cnn/vocab.json', 'merges.txt': 'tokenizers/bart-large-cnn/merges.txt' };

  test('BERT', async () => {
    const { tokenizer, ids } = await loaded('bert', { 'vocab.txt': 'tokenizers/bert-base-uncased-mit/vocab.txt' });
    expect(ids).toEqual({ prefix: [101], suffix: [102], bosId: null, eosId: null, padId: 0, maskId: 103, vocabSize: 30522 });
    expect(Array.from(await tokenizer.encode('a [MASK] b', { special: false }))).toEqual([1037, 103, 1038]);
  });

  test('BART and RoBERTa: the mask takes the space before it', async () => {
    const { tokenizer, ids } = await loaded('bart', bart, { 'config.json': '{"model_type": "bart"}' });
    expect(ids).toEqual({ prefix: [0], suffix: [2], bosId: 0, eosId: 2, padId: 1, maskId: 50264, vocabSize: 50265 });
    // Transformers: AutoTokenizer('facebook/bart-large-cnn')('Hello <mask> world').input_ids
    expect(Array.from(await tokenizer.encode('Hello <mask> world'))).toEqual([0, 31414, 50264, 232, 2]);
  });

  test('Llama: <s> unless the config says no, </s> if it says so', async () => {
    const around = async (config: object) => {
      const { prefix, suffix } = (await loaded('llama', llama, { 'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'LlamaTokenizer', ...config }) })).ids;
      return [prefix, suffix];
    };
    expect(await around({})).toEqual([[1], []]);
    expect(await around({ add_bos_token: false })).toEqual([[], []]);
    expect(await around({ add_eos_token: true })).toEqual([[1], [2]]);
  });

  test('tokens of tokenizer_config.json and added_tokens.json are kept whole', async () => {
    const listed = await loaded('llama', llama, { 'added_tokens.json': '{"<pad>": 32000}', 'tokenizer_config.json': '{"tokenizer_class": "LlamaTokenizer", "pad_token": "<pad>"}' });
    expect(listed.ids).toMatchObject({ padId: 32000, vocabSize: 32001 });
    const qwen = await loaded('qwen2', { 'vocab.json': 'tokenizers/qwen2/vocab.json', 'merges.txt': 'tokenizers/qwen2/merges.txt', 'tokenizer_config.json': 'tokenizers/qwen2/tokenizer_config.json' });
    expect(Array.from(await qwen.tokenizer.encode('<|im_start|>a'))).toEqual([151644, 64]);
  });

  test('ChatGLM-6B: [gMASK] <sop> after the text; texts come back as they were', async () => {
    const { tokenizer, ids } = await loaded('chatglm', { 'ice_text.model': 'tokenizers/chatglm-6b/ice_text.model', 'tokenizer_config.json': 'tokenizers/chatglm-6b/tokenizer_config.json' });
    expect(ids).toMatchObject({ prefix: [], suffix: [130001, 130004], bosId: 130004, eosId: 130005, padId: 3, maskId: 130000, vocabSize: 130344 });
    const code = 'def f(x):\n\treturn x    # 你好 🙂\n';
    expect(tokenizer.decode(await tokenizer.encode(code))).toBe(code);
  });

  test("ChatGLM-6B's first release has 20000 ids of pictures in front", async () => {
    const { tokenizer, ids } = await loaded('chatglm', { 'ice_text.model': 'tokenizers/chatglm-6b/ice_text.model' });
    expect(ids).toMatchObject({ suffix: [150001, 150004], vocabSize: 150344 });
    expect(Array.from(await tokenizer.encode('a', { special: false }))).toEqual((golden.tokenizers['chatglm-6b'].texts[golden.texts.indexOf('a')]).map((id) => id + 20000));
  });

  test('ChatGLM2 and 3: [gMASK] sop before the text, numbered after the pieces', async () => {
    const { ids } = await loaded('chatglm', llama, { 'tokenizer_config.json': '{"tokenizer_class": "ChatGLMTokenizer"}' });
    expect(ids).toMatchObject({ prefix: [32001, 32003], suffix: [], vocabSize: 32009 });
  });
});

describe('folders without tokenizer.json that cannot be used', () => {
  test.each<[string, Record<string, string>, RegExp]>([
    ['a class of another kind', { 'tokenizer_config.json': '{"tokenizer_class": "T5Tokenizer"}', 'spiece.model': '' }, /is a T5Tokenizer, whose older files are not read here; save one there/],
    ['byte-level files of no class', { 'vocab.json': '{"a": 0}', 'merges.txt': '' }, /nothing that names its kind \(tokenizer_class/],
    ['files that are missing', { 'config.json': '{"model_type": "roberta"}', 'vocab.json': '{"a": 0}' }, /no vocab\.json with merges\.txt either/],
    ['a damaged model', { 'tokenizer.model': 'not a model' }, /tokenizer\.model cannot be read as a SentencePiece model: .*get it again/],
    ['a vocabulary that is no JSON', { 'vocab.json': '{"a": 0', 'merges.txt': '', 'config.json': '{"model_type": "gpt2"}' }, /vocab\.json is not valid JSON/],
  ])('%s', async (_, files, message) => {
    const error: unknown = await loadTokenizer(scratch(files)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(String(error)).toMatch(message);
  });
});
