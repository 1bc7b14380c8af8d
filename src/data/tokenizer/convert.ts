/** Tokenizers without a `tokenizer.json`: which class the older files are for, and what they amount to. */
import { z } from 'zod';
import { UserError, messageOf } from '../../util/errors.js';
import { type ByteLevelFiles, gpt2Definition, qwen2Definition, robertaDefinition } from './byte-level.js';
import { chatGlmDefinition, laterChatGlmDefinition } from './chatglm.js';
import { around, type AddedToken, type Definition, type Role, specialToken } from './definition.js';
import { parseSentencePiece, type SentencePieceModel } from './sentence-piece-file.js';
import { sentencePieceDefinition } from './sentence-piece.js';
import { wordPieceDefinition } from './word-piece.js';

type Flags = Partial<Omit<AddedToken, 'id' | 'content'>>;

/** A special token as the files name it; what they leave out is the class's to say. */
export type NamedToken = Flags & { readonly content: string };

export interface OlderFiles {
  readonly folder: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Special tokens by role, those of the class where no file names them. */
  readonly special: Readonly<Partial<Record<Role, NamedToken>>>;
  /** Further tokens, with their ids where these are given. */
  readonly added: readonly (NamedToken & { readonly id?: number })[];
  /** A file of the folder; null where it is missing. */
  readonly text: (name: string) => string | null;
  readonly bytes: (name: string) => Uint8Array | null;
}

/** A family of tokenizers: its tokens by default, and how its files are read; null where they are not there. */
export interface TokenizerKind {
  readonly special: Readonly<Partial<Record<Role, NamedToken>>>;
  readonly files: string;
  readonly convert: (files: OlderFiles) => Definition | null;
}

const named = (content: string): NamedToken => ({ content });
const endOfText = named('<|endoftext|>');
const sentence = { bos: named('<s>'), eos: named('</s>'), unk: named('<unk>') };

const gpt2: TokenizerKind = {
  special: { bos: endOfText, eos: endOfText, unk: endOfText },
  files: 'vocab.json with merges.txt',
  convert: (files) => byteLevel(files, (parts, token) => gpt2Definition(parts, files.config['add_bos_token'] === true ? token('bos') : null)),
};

const roberta: TokenizerKind = {
  special: { ...sentence, cls: named('<s>'), sep: named('</s>'), pad: named('<pad>'), mask: { content: '<mask>', lstrip: true } },
  files: 'vocab.json with merges.txt',
  convert: (files) => byteLevel(files, (parts, token) => robertaDefinition(parts, token('cls'), token('sep'))),
};

const qwen2: TokenizerKind = {
  special: { eos: endOfText, unk: endOfText, pad: endOfText },
  files: 'vocab.json with merges.txt',
  convert: (files) => byteLevel(files, (parts) => qwen2Definition(parts)),
};

const bert: TokenizerKind = {
  special: { unk: named('[UNK]'), sep: named('[SEP]'), pad: named('[PAD]'), cls: named('[CLS]'), mask: named('[MASK]') },
  files: 'vocab.txt',
  convert: wordPiece,
};

const llama: TokenizerKind = {
  special: sentence,
  files: 'tokenizer.model',
  convert: (files) => sentencePiece(files, 'tokenizer.model', (model) => plainSentencePiece(files, model)),
};

const gemma: TokenizerKind = { ...llama, special: { bos: named('<bos>'), eos: named('<eos>'), unk: named('<unk>'), pad: named('<pad>') } };

const chatGlm: TokenizerKind = {
  special: {},
  files: 'ice_text.model',
  convert: (files) => sentencePiece(files, 'ice_text.model', (model) => chatGlmDefinition(model, imageTokens(files))) ?? sentencePiece(files, 'tokenizer.model', laterChatGlmDefinition),
};

/** By `tokenizer_class`, without its `Tokenizer` and `Fast`. */
const kindsByClass: Readonly<Record<string, TokenizerKind>> = {
  GPT2: gpt2, CodeGen: gpt2, Roberta: roberta, Bart: roberta, Longformer: roberta, LED: roberta, Qwen2: qwen2,
  Bert: bert, DistilBert: bert, Electra: bert, Llama: llama, CodeLlama: llama, Baichuan: llama, Gemma: gemma, ChatGLM: chatGlm,
};

/** By `model_type` of config.json. */
const kindsByModel: Readonly<Record<string, TokenizerKind>> = {
  gpt2, gptj: gpt2, gpt_neo: gpt2, opt: gpt2, codegen: gpt2, roberta, bart: roberta, longformer: roberta, led: roberta,
  qwen2, qwen3: qwen2, qwen2_moe: qwen2, qwen3_moe: qwen2, bert, distilbert: bert, electra: bert,
  llama, mistral: llama, mixtral: llama, phi3: llama, baichuan: llama, gemma, gemma2: gemma, chatglm: chatGlm,
};

/** The kind that the files name; null for none, or one that is not known here. */
export function tokenizerKind(tokenizerClass: unknown, modelType: unknown): TokenizerKind | null {
  const name = typeof tokenizerClass === 'string' ? tokenizerClass.replace(/Fast$/, '').replace(/Tokenizer$/, '') : '';
  if (Object.hasOwn(kindsByClass, name)) return kindsByClass[name];
  return typeof modelType === 'string' && Object.hasOwn(kindsByModel, modelType) ? kindsByModel[modelType] : null;
}

/** The kind that the names of the files give away: those of which one kind alone has them. */
export function kindOfFiles(has: (name: string) => boolean): TokenizerKind | null {
  if (has('ice_text.model')) return chatGlm;
  if (sentencePieceNames.some(has)) return llama;
  return has('vocab.txt') ? bert : null;
}

/** Mistral numbers its versions. */
const sentencePieceNames = ['tokenizer.model', 'tokenizer.model.v3', 'tokenizer.model.v2', 'tokenizer.model.v1'];

function byteLevel(files: OlderFiles, build: (parts: ByteLevelFiles, token: (role: Role) => AddedToken) => Definition): Definition | null {
  const [vocabulary, merges] = [files.text('vocab.json'), files.text('merges.txt')];
  if (vocabulary === null || merges === null) return null;
  const vocab = vocabularyOf(vocabulary, `${files.folder}/vocab.json`);
  const added = addedTokens(files, vocab);
  return build({ vocab, merges, added, addPrefixSpace: files.config['add_prefix_space'] === true }, (role) => tokenOf(files, role, added));
}

function vocabularyOf(text: string, file: string): Record<string, number> {
  try {
    return z.record(z.string(), z.int().nonnegative()).parse(JSON.parse(text));
  } catch (error) {
    throw new UserError(`${file} is not valid JSON with an id a token (${error instanceof SyntaxError ? error.message : 'it is something else'}); get it again`);
  }
}

function wordPiece(files: OlderFiles): Definition | null {
  const { config } = files;
  const lines = files.text('vocab.txt')?.split(/\r?\n/);
  if (!lines) return null;
  if (lines[lines.length - 1] === '') lines.pop();
  const vocab = Object.fromEntries(lines.map((token, id) => [token, id]));
  const added = addedTokens(files, vocab);
  const stripAccents = config['strip_accents'];
  return wordPieceDefinition({
    vocab, added,
    unk: tokenOf(files, 'unk', added), cls: tokenOf(files, 'cls', added), sep: tokenOf(files, 'sep', added),
    lowercase: config['do_lower_case'] !== false,
    stripAccents: typeof stripAccents === 'boolean' ? stripAccents : null,
    chineseCharacters: config['tokenize_chinese_chars'] !== false,
  });
}

function sentencePiece(files: OlderFiles, name: string, build: (model: SentencePieceModel) => Definition): Definition | null {
  const names = name === 'tokenizer.model' ? sentencePieceNames : [name];
  const file = names.find((each) => files.bytes(each) !== null);
  const bytes = file === undefined ? null : files.bytes(file);
  if (bytes === null) return null;
  try {
    return build(parseSentencePiece(bytes));
  } catch (error) {
    throw new UserError(`${files.folder}/${file} cannot be read as a SentencePiece model: ${messageOf(error)}; get it again`);
  }
}

/** Llama and those after it: `<s>` in front unless `add_bos_token` is false, `</s>` at the end if `add_eos_token` is true. */
function plainSentencePiece(files: OlderFiles, model: SentencePieceModel): Definition {
  const vocab = Object.fromEntries(model.pieces.map(({ piece }, id) => [piece, id]));
  const added = addedTokens(files, vocab);
  const definition = sentencePieceDefinition(model, { added });
  const edge = (role: Role, wanted: boolean) => (wanted ? [tokenOf(files, role, definition.added_tokens)] : []);
  return { ...definition, post_processor: around(edge('bos', files.config['add_bos_token'] !== false), edge('eos', files.config['add_eos_token'] === true)) };
}

/** ChatGLM-6B's `num_image_tokens`; its code has 20000 where its config says nothing. */
function imageTokens({ config }: OlderFiles): number {
  const count = config['num_image_tokens'];
  return typeof count === 'number' ? count : 20000;
}

/** The tokens never taken apart: special ones and further ones, in the order of their ids. Unknown ones get the next ids. */
function addedTokens({ special, added }: OlderFiles, vocab: Readonly<Record<string, number>>): AddedToken[] {
  const tokens = new Map<string, AddedToken>();
  let next = Math.max(-1, ...added.map(({ id }) => id ?? -1), Object.keys(vocab).length - 1) + 1;
  const all: OlderFiles['added'] = [...added, ...Object.values(special)];
  for (const { id, content, ...flags } of all) {
    if (tokens.has(content)) continue;
    tokens.set(content, { ...specialToken(content, id ?? (Object.hasOwn(vocab, content) ? vocab[content] : next++)), ...flags });
  }
  return [...tokens.values()].sort((a, b) => a.id - b.id);
}

function tokenOf({ folder, special }: OlderFiles, role: Role, added: readonly AddedToken[]): AddedToken {
  const content = special[role]?.content;
  const token = added.find((each) => each.content === content);
  if (!token) throw new UserError(`${folder} names no ${role}_token that its vocabulary has; set it in tokenizer_config.json`);
  return token;
}
