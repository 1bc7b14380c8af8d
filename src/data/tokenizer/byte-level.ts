/** Byte-level BPE from `vocab.json` and `merges.txt`: GPT-2, RoBERTa and BART, Qwen2. */
import { around, type AddedToken, type Definition, type Part, sequence } from './definition.js';

export interface ByteLevelFiles {
  readonly vocab: Readonly<Record<string, number>>;
  /** A merge a line, most frequent first; a `#version` line may come before. */
  readonly merges: string;
  readonly added: readonly AddedToken[];
  /** A space is put before a text that has none. */
  readonly addPrefixSpace: boolean;
}

/** The words of Qwen2: as GPT-4's, but digits one by one. https://github.com/QwenLM/Qwen2 */
const qwen2Words = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`;

/** As Transformers' GPT2Tokenizer; with `bos` in front of a text where that is given. */
export function gpt2Definition(files: ByteLevelFiles, bos: AddedToken | null = null): Definition {
  return {
    added_tokens: files.added,
    normalizer: null,
    pre_tokenizer: byteLevel(files.addPrefixSpace, true),
    post_processor: bos === null ? byteLevel(true, false) : around([bos], []),
    decoder: byteLevel(true, true),
    model: bpe(files),
  };
}

/** As Transformers' RobertaTokenizer and BartTokenizer: `<s>` text `</s>`. */
export function robertaDefinition(files: ByteLevelFiles, cls: AddedToken, sep: AddedToken): Definition {
  const pair = ({ content, id }: AddedToken) => [content, id];
  return {
    ...gpt2Definition(files),
    post_processor: { type: 'RobertaProcessing', sep: pair(sep), cls: pair(cls), trim_offsets: true, add_prefix_space: files.addPrefixSpace },
  };
}

/** As Transformers' Qwen2Tokenizer: composed characters (NFC), words of its own. */
export function qwen2Definition(files: ByteLevelFiles): Definition {
  return {
    ...gpt2Definition(files),
    normalizer: { type: 'NFC' },
    pre_tokenizer: sequence('pretokenizers', [
      { type: 'Split', pattern: { Regex: qwen2Words }, behavior: 'Isolated', invert: false },
      { ...byteLevel(files.addPrefixSpace, true), use_regex: false },
    ]),
  };
}

function byteLevel(addPrefixSpace: boolean, trimOffsets: boolean): Part {
  return { type: 'ByteLevel', add_prefix_space: addPrefixSpace, trim_offsets: trimOffsets, use_regex: true };
}

function bpe({ vocab, merges }: ByteLevelFiles): Part {
  const lines = merges.split(/\r?\n/);
  return {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: '',
    end_of_word_suffix: '',
    fuse_unk: false,
    vocab,
    merges: lines.filter((line, i) => line !== '' && !(i === 0 && line.startsWith('#version'))),
  };
}
