/** GPT-2's older files, `vocab.json` and `merges.txt`, as the `tokenizer.json` that they amount to. */

export interface Gpt2Files {
  readonly vocab: Readonly<Record<string, unknown>>;
  /** A merge a line, most frequent first; a `#version` line may come before. */
  readonly merges: string;
  /** Tokens that are never split. */
  readonly special: readonly string[];
}

/** Byte-level BPE as Transformers' GPT2Tokenizer builds it. */
export function gpt2Definition({ vocab, merges, special }: Gpt2Files): string {
  const lines = merges.split(/\r?\n/);
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special
      .filter((content) => content in vocab)
      .map((content) => ({ id: vocab[content], content, single_word: false, lstrip: false, rstrip: false, normalized: true, special: true })),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: { ...byteLevel, trim_offsets: false },
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      vocab,
      merges: lines.filter((line, i) => line !== '' && !(i === 0 && line.startsWith('#version'))),
    },
  });
}
