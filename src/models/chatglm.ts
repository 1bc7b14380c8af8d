/**
 * ChatGLM-6B (Du et al., 2022, arXiv:2103.10360; Zeng et al., 2022, arXiv:2210.02414): the tokens of a prompt all see each
 * other, its answer is written after `[gMASK] <sop>`. One half of each head turns by the place in the prompt, where the
 * answer's tokens all stand at [gMASK], the other by the place in the answer. Reference: modeling_chatglm.py beside the
 * model's own files (of 130,528 tokens), since Transformers has no ChatGLM.
 */
import { z } from 'zod';
import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';
import { activations } from '../nn/activation.js';
import { attention } from '../nn/attention.js';
import { embedding, embeddingParameters, embeddingTable, linear, linearParameters, norm, normParameters, type Embedding, type Linear, type Norm } from '../nn/layers.js';
import { attentionBias, causal } from '../nn/mask.js';
import { rotaryAngles, rotaryFrequencies, rotate, type Angles } from '../nn/rotary.js';
import { UserError } from '../util/errors.js';
import { withPast } from './cache.js';
import { idList, parseConfig, size, tokenId, tokenIds, type RawConfig } from './config.js';
import type { Model, ModelInputs } from './contract.js';
import { headSizesOf } from './gated.js';
import { named } from './naming.js';
import { saysNextToken } from './task.js';

const schema = z.object({
  vocab_size: size,
  hidden_size: size.default(4096),
  inner_hidden_size: size.default(16_384),
  num_layers: size.default(28),
  num_attention_heads: size.default(32),
  layernorm_epsilon: z.number().positive().default(1e-5),
  max_sequence_length: size.default(2048),
  position_encoding_2d: z.literal(true, { error: 'one-dimensional positions are not supported' }).default(true),
  pre_seq_len: z.null({ error: 'a learned prefix (P-Tuning) is not supported' }).optional(),
  quantization_bit: z.literal([0, null], { error: 'weights in 4 or 8 bits are not supported; take those in 16' }).optional(),
  tie_word_embeddings: z.boolean().default(true), // Transformers' default, on which the released files rely
  bos_token_id: tokenId.default(130_004),
  eos_token_id: tokenIds.default(130_005),
});

interface Block {
  readonly index: number;
  readonly norm1: Norm;
  readonly qkv: Linear;
  readonly out: Linear;
  readonly norm2: Norm;
  readonly up: Linear;
  readonly down: Linear;
  readonly heads: number;
  /** α = √(2·layers) (DeepNorm, arXiv:2203.00555), on what is added to. */
  readonly alpha: number;
}

function block({ hidden_size: width, inner_hidden_size: inner, num_attention_heads: heads, num_layers, layernorm_epsilon: epsilon }: z.output<typeof schema>, index: number): Block {
  const at = `transformer.layers.${index}`;
  const map = (module: string, inputSize: number, outputSize: number): Linear => ({ module: `${at}.${module}`, inputSize, outputSize, bias: true, transposeW: true, std });
  const layerNorm = (module: string): Norm => ({ module: `${at}.${module}`, kind: 'layer', width, epsilon });
  return {
    index,
    norm1: layerNorm('input_layernorm'),
    qkv: map('attention.query_key_value', width, 3 * width),
    out: map('attention.dense', width, width),
    norm2: layerNorm('post_attention_layernorm'),
    up: map('mlp.dense_h_to_4h', width, inner),
    down: map('mlp.dense_4h_to_h', inner, width),
    heads,
    alpha: Math.sqrt(2 * num_layers),
  };
}

/** The original draws none; what its kin begin with. */
const std = 0.02;

interface Context {
  readonly bias: Node;
  /** Of the first and the second half of a head. */
  readonly angles: readonly [Angles, Angles];
  readonly cache: ModelInputs['cache'];
}

/** h = α·norm₁(x) + attention(norm₁(x)), then α·norm₂(h) + mlp(norm₂(h)); x [B, T, C] */
function runBlock(g: Builder, x: Node, block: Block, { bias, angles, cache }: Context): Node {
  const [b, t, width] = x.shape;
  const headSize = Number(width) / block.heads;
  const half = headSize / 2;
  const turned = (heads: Node): Node => g.concat([rotate(g, g.slice(heads, 3, 0, half), angles[0]), rotate(g, g.slice(heads, 3, half, headSize), angles[1])], 3);

  const normed = norm(g, x, block.norm1);
  const qkv = g.reshape(linear(g, normed, block.qkv), [b, t, block.heads, 3 * headSize]); // each head's three lie together
  const [query, newKey, newValue] = [0, 1, 2].map((i) => g.transpose(g.slice(qkv, 3, i * headSize, (i + 1) * headSize), [0, 2, 1, 3])); // [B,H,T,D]
  const { key, value } = withPast(g, cache, block.index, { key: turned(newKey), value: newValue });
  const attended = linear(g, attention(g, { query: turned(query), key, value, bias, scale: 1 / Math.sqrt(headSize) }), block.out);
  const middle = norm(g, g.add(g.mul(normed, block.alpha), attended), block.norm2);
  return g.add(g.mul(middle, block.alpha), linear(g, activations.gelu_new(g, linear(g, middle, block.up)), block.down));
}

export function chatGlm(raw: RawConfig): Model {
  const config = parseConfig(schema, raw);
  const { vocab_size: vocabSize, hidden_size: width } = config;
  const { heads, headSize } = headSizesOf(config);
  if (headSize % 4 !== 0) throw new UserError(`each half of a head turns in pairs, so its size ${headSize} must be a multiple of 4`);
  const [answerStartId] = idList(config.bos_token_id, vocabSize);
  if (answerStartId === undefined) throw new UserError(`bos_token_id: ${String(config.bos_token_id)} is none of ${vocabSize} tokens`);
  const tokens: Embedding = { module: 'transformer.word_embeddings', rows: vocabSize, width, std };
  const head: Embedding = config.tie_word_embeddings ? tokens : { ...tokens, module: 'lm_head' };
  const blocks = Array.from({ length: config.num_layers }, (_, index) => block(config, index));
  const linears = blocks.flatMap(({ qkv, out, up, down }) => [qkv, out, up, down]);
  const lastNorm: Norm = { module: 'transformer.final_layernorm', kind: 'layer', width, epsilon: config.layernorm_epsilon };
  const frequencies = rotaryFrequencies(headSize / 2, 10_000).map(inHalfPrecision);
  return {
    modelType: 'chatglm',
    config: raw,
    vocabSize,
    hiddenSize: width,
    layerCount: blocks.length,
    keyValueHeads: heads,
    headSize,
    contextLength: config.max_sequence_length,
    bosTokenId: answerStartId,
    eosTokenIds: idList(config.eos_token_id, vocabSize),
    parameters: [
      ...embeddingParameters(tokens),
      ...(head === tokens ? [] : embeddingParameters(head)),
      ...linears.flatMap(linearParameters),
      ...[...blocks.flatMap(({ norm1, norm2 }) => [norm1, norm2]), lastNorm].flatMap(normParameters),
    ],
    linears,
    loraTargets: ['query_key_value'],
    ...saysNextToken,
    stages: ['sft'], // a text that is no answer has no prompt to see whole
    answerStartId,
    ...named({
      body: 'transformer.',
      blocks: 'transformer.layers',
      tied: head === tokens ? { embedding: 'transformer.word_embeddings.weight', head: 'lm_head.weight' } : null,
      derived: /(^|\.)rotary_emb\.inv_freq$/,
    }),

    forward(g, inputs) {
      const blocksOf = (of: { readonly blocks?: Node }): Node => {
        if (of.blocks === undefined) throw new Error('ChatGLM was not told where the answer starts');
        return of.blocks;
      };
      const place = blocksOf(inputs);
      const keys = inputs.cache ?? inputs;
      // A prompt's tokens are all at place 0, so that what is causal by places lets them see each other.
      const bias = attentionBias(g, { ...inputs, positions: place }, { ...keys, positions: blocksOf(keys) }, [causal]);
      const inPrompt = g.sub(inputs.positions, place); // the answer's tokens: where [gMASK] is, right before them
      const context: Context = { bias, angles: [rotaryAngles(g, inPrompt, { frequencies }), rotaryAngles(g, place, { frequencies })], cache: inputs.cache };
      const hidden = blocks.reduce((x, b) => runBlock(g, x, b, context), embedding(g, inputs.ids, tokens)); // [B,T,C]
      return { hidden: norm(g, hidden, lastNorm), head: { weight: embeddingTable(g, head) } };
    },
  };
}

/** The original keeps its frequencies in 16 bits, in any precision of the model; they are all above 2⁻¹⁴. */
function inHalfPrecision(frequency: number): number {
  const unit = 2 ** (Math.floor(Math.log2(frequency)) - 10);
  return Math.round(frequency / unit) * unit;
}
