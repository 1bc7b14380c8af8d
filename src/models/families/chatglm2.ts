/**
 * ChatGLM2 and ChatGLM3: blocks as Llama's, with a few key heads for all query heads (Shazeer, 2019, arXiv:1911.02150), half
 * of each head turning in neighbouring pairs, and packed projections. Reference: modeling_chatglm.py beside the models'
 * own files, since Transformers has no ChatGLM.
 */
import { z } from 'zod';
import { activations } from '../../nn/activation.js';
import type { Linear, Norm } from '../../nn/layers.js';
import { causal } from '../../nn/mask.js';
import { rotaryFrequencies } from '../../nn/rotary.js';
import { UserError } from '../../util/errors.js';
import { notSupported, parseConfig, size, tokenId, tokenIds, type RawConfig } from '../config.js';
import type { Model } from '../contract.js';
import { gatedDecoder, type GatedBlock } from '../gated.js';

const schema = z.object({
  padded_vocab_size: size,
  hidden_size: size.default(4096),
  ffn_hidden_size: size.default(13_696),
  num_layers: size.default(28),
  num_attention_heads: size.default(32),
  kv_channels: size.default(128),
  multi_query_attention: z.literal(true, { error: 'as many key heads as query heads are not supported' }),
  multi_query_group_num: size.default(1),
  seq_length: size.default(2048),
  layernorm_epsilon: z.number().positive().default(1e-5),
  rmsnorm: z.boolean().default(true),
  add_bias_linear: z.boolean().default(false),
  add_qkv_bias: z.boolean().default(false),
  rope_ratio: z.number().positive().default(1), // of the long ones
  original_rope: z.literal(true, { error: 'another rotary embedding than the original is not supported' }).default(true),
  post_layer_norm: z.literal(true, { error: 'a last block without a norm is not supported' }).default(true),
  apply_residual_connection_post_layernorm: notSupported('adding to the normed value'),
  pre_seq_len: z.null({ error: 'a learned prefix (P-Tuning) is not supported' }).optional(),
  quantization_bit: z.literal([0, null], { error: 'weights in 4 or 8 bits are not supported; take those in 16' }).optional(),
  tie_word_embeddings: notSupported('a head tied to the embedding'),
  bos_token_id: tokenId,
  eos_token_id: tokenIds.default(2),
});

type Config = z.output<typeof schema>;

/** The original draws none; what its kin begin with. */
const std = 0.02;

function normOf({ hidden_size: width, layernorm_epsilon: epsilon, rmsnorm }: Config, module: string): Norm {
  return { module: `transformer.encoder.${module}`, kind: rmsnorm ? 'rms' : 'layer', width, epsilon };
}

function block(config: Config, index: number): GatedBlock {
  const { hidden_size: width, ffn_hidden_size: inner, num_attention_heads: heads, multi_query_group_num: keyHeads, kv_channels: headSize } = config;
  const at = `layers.${index}`;
  const map = (module: string, [inputSize, outputSize]: [number, number], bias = config.add_bias_linear): Linear =>
    ({ module: `transformer.encoder.${at}.${module}`, inputSize, outputSize, bias, transposeW: true, std });
  return {
    norm1: normOf(config, `${at}.input_layernorm`),
    projections: [map('self_attention.query_key_value', [width, (heads + 2 * keyHeads) * headSize], config.add_bias_linear || config.add_qkv_bias)],
    headNorms: null,
    out: map('self_attention.dense', [heads * headSize, width]),
    norm2: normOf(config, `${at}.post_attention_layernorm`),
    gated: [map('mlp.dense_h_to_4h', [width, 2 * inner])],
    down: map('mlp.dense_4h_to_h', [inner, width]),
    normsAfter: null,
    sights: [causal],
  };
}

export function laterChatGlm(raw: RawConfig): Model {
  const config = parseConfig(schema, raw);
  const { padded_vocab_size: vocabSize, hidden_size: width, num_attention_heads: heads, multi_query_group_num: keyValueHeads, kv_channels: headSize } = config;
  if (heads % keyValueHeads !== 0) throw new UserError(`num_attention_heads ${heads} is not a multiple of multi_query_group_num ${keyValueHeads}`);
  if (headSize % 4 !== 0) throw new UserError(`half of a head turns in pairs, so kv_channels ${headSize} must be a multiple of 4`);
  return gatedDecoder({
    modelType: 'chatglm',
    config: raw,
    ends: config,
    contextLength: config.seq_length,
    sizes: { heads, keyValueHeads, headSize },
    tokens: { module: 'transformer.embedding.word_embeddings', rows: vocabSize, width, std },
    head: { module: 'transformer.output_layer', tied: false },
    names: { body: 'transformer.', blocks: 'transformer.encoder.layers', derived: /(^|\.)rotary_pos_emb\.inv_freq$/ },
    loraTargets: ['query_key_value'],
    blocks: Array.from({ length: config.num_layers }, (_, index) => block(config, index)),
    activation: activations.silu,
    lastNorm: normOf(config, 'final_layernorm'),
    rope: { frequencies: rotaryFrequencies(headSize / 2, 10_000 * config.rope_ratio), interleaved: true },
  });
}
