/** A tokenizer as llama.cpp keeps it. Source: convert_hf_to_gguf.py, `_set_vocab_gpt2` and `_set_vocab_llama_hf`. */
import { z } from 'zod';
import type { TokenizerFiles } from '../../data/tokenizer/files.js';
import { UserError } from '../../util/errors.js';
import { type Fact, flag, u32, word } from './file.js';

const definitionSchema = z.object({
  model: z.object({
    type: z.string().optional(),
    vocab: z.record(z.string(), z.int()),
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
    byte_fallback: z.boolean().nullish(),
    unk_token: z.string().nullish(),
  }),
  added_tokens: z.array(z.object({ id: z.int(), content: z.string(), special: z.boolean() })).default([]),
  normalizer: z.unknown(),
  pre_tokenizer: z.unknown(),
});

/** `llama_token_type` */
const types = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** What tells the rules by which llama.cpp splits a text, in the definitions of those families. */
const splits: readonly (readonly [mark: string, name: string])[] = [
  ['\\\\p{N}{1,3}', 'llama-bpe'],
  ["(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}|", 'qwen2'],
];

/** Tokens, merges and special tokens; throws UserError for a tokenizer that is neither byte-level BPE nor SentencePiece's. */
export function vocabularyFacts({ definition, special, addBos, chatTemplate, folder }: TokenizerFiles, vocabSize: number): Record<string, Fact> {
  const { data: parsed } = definitionSchema.safeParse(JSON.parse(definition));
  if (!parsed) throw new UserError(`the tokenizer in ${folder} is no BPE, which is all that is exported as GGUF; use --format merged`);
  const { model, added_tokens: added } = parsed;
  const isSentencePiece = model.byte_fallback === true;
  const tokens = Array.from({ length: vocabSize }, (_, id) => `[PAD${id}]`);
  const kinds = new Array<number>(vocabSize).fill(types.unused);
  for (const [token, id] of Object.entries(model.vocab)) {
    if (id >= vocabSize) continue;
    tokens[id] = token;
    kinds[id] = isSentencePiece && /^<0x[0-9A-F]{2}>$/.test(token) ? types.byte : types.normal;
  }
  for (const { id, content, special: isControl } of added) {
    if (id >= vocabSize) continue;
    tokens[id] = content;
    kinds[id] = content === model.unk_token ? types.unknown : isControl ? types.control : types.userDefined;
  }
  const idOf = (token: string | null): number | null => {
    const id = token === null ? -1 : tokens.indexOf(token);
    return id === -1 ? null : id;
  };
  const ids = { bos: idOf(special.bos), eos: idOf(special.eos), unknown: idOf(model.unk_token ?? null), padding: idOf(special.pad) };
  const pairs = model.merges.map((merge) => (typeof merge === 'string' ? merge.split(' ') : merge));

  return {
    'tokenizer.ggml.model': word(isSentencePiece ? 'llama' : 'gpt2'),
    'tokenizer.ggml.pre': word(isSentencePiece ? 'default' : splitOf(parsed.pre_tokenizer)),
    'tokenizer.ggml.tokens': { type: 'strings', value: tokens },
    'tokenizer.ggml.token_type': { type: 'i32s', value: kinds },
    ...(isSentencePiece
      ? { 'tokenizer.ggml.scores': { type: 'f32s', value: scores(tokens, pairs) }, 'tokenizer.ggml.add_space_prefix': flag(JSON.stringify(parsed.normalizer ?? parsed.pre_tokenizer ?? '').includes('▁')) }
      : { 'tokenizer.ggml.merges': { type: 'strings', value: pairs.map((pair) => pair.join(' ')) } }),
    ...Object.fromEntries(Object.entries(ids).flatMap(([role, id]) => (id === null ? [] : [[`tokenizer.ggml.${role}_token_id`, u32(id)]]))),
    'tokenizer.ggml.add_bos_token': flag(ids.bos !== null && (addBos || prependsBos(definition, special.bos))),
    'tokenizer.ggml.add_eos_token': flag(false),
    ...(chatTemplate === null ? {} : { 'tokenizer.chat_template': word(chatTemplate) }),
  };
}

/** SentencePiece joins the pair with the best score first, BPE that of the earliest merge. Single pieces are never joined. */
function scores(tokens: readonly string[], merges: readonly (readonly string[])[]): number[] {
  const rank = new Map<string, number>();
  merges.forEach(([left, right], i) => rank.has(left + right) || rank.set(left + right, i));
  return tokens.map((token) => -(rank.get(token) ?? merges.length));
}

function splitOf(preTokenizer: unknown): string {
  const written = JSON.stringify(preTokenizer ?? '');
  return splits.find(([mark]) => written.includes(mark))?.[1] ?? 'gpt-2';
}

/** Whether the post-processor puts the token in front of a single text. */
function prependsBos(definition: string, bos: string | null): boolean {
  const single = z.object({ post_processor: z.object({ single: z.array(z.looseObject({ SpecialToken: z.object({ id: z.string() }).optional() })) }) }).safeParse(JSON.parse(definition));
  return single.data?.post_processor.single[0]?.SpecialToken?.id === bos && bos !== null;
}
