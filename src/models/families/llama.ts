/**
 * Llama (Touvron et al., 2023, arXiv:2302.13971 and 2307.09288; Llama 3, arXiv:2407.21783).
 * Reference: transformers/models/llama/modeling_llama.py.
 */
import { z } from 'zod';
import { activations } from '../../nn/activation.js';
import type { Embedding, Linear, Norm } from '../../nn/layers.js';
import { causal, type Sight } from '../../nn/mask.js';
import { activationName, parseConfig, size, tokenId, tokenIds, type RawConfig } from '../config.js';
import type { Model } from '../contract.js';
import { headSizesOf } from '../decoder.js';
import { gatedDecoder, type GatedBlock, type GatedDecoder } from '../gated.js';
import { ropeKeys, ropeOf } from '../rope.js';

/** The keys that Llama's kin share with it. */
export const llamaKeys = {
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  hidden_act: activationName.default('silu'),
  max_position_embeddings: size.default(2048),
  rms_norm_eps: z.number().positive().default(1e-6),
  initializer_range: z.number().positive().default(0.02),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  tie_word_embeddings: z.boolean().default(false),
  bos_token_id: tokenId.default(1),
  eos_token_id: tokenIds.default(2),
  ...ropeKeys,
};

const schema = z.object(llamaKeys);

export type LlamaConfig = z.output<typeof schema>;

/** What a relative of Llama changes about a block. */
export interface LlamaVariant {
  /** Biases of query, key and value alone (Qwen 2). */
  readonly inputBias?: boolean;
  readonly sights?: (layer: number) => readonly Sight[];
  readonly block?: (block: GatedBlock, at: string) => GatedBlock;
}

/** A Llama by its config; `modelType` is that of the relative. */
export function llamaLike(modelType: string, raw: RawConfig, config: LlamaConfig, { inputBias, sights = () => [causal], block = (same) => same }: LlamaVariant = {}): GatedDecoder {
  const { vocab_size: vocabSize, hidden_size: width, intermediate_size: inner, initializer_range: std, rms_norm_eps: epsilon } = config;
  const sizes = headSizesOf(config);
  const queryWidth = sizes.heads * sizes.headSize;
  const keyWidth = sizes.keyValueHeads * sizes.headSize;
  const tokens: Embedding = { module: 'model.embed_tokens', rows: vocabSize, width, std };
  const blocks = Array.from({ length: config.num_hidden_layers }, (_, index): GatedBlock => {
    const at = `model.layers.${index}`;
    const map = (module: string, bias: boolean, [inputSize, outputSize]: [number, number]): Linear => ({ module: `${at}.${module}`, inputSize, outputSize, bias, transposeW: true, std });
    const rmsNorm = (module: string): Norm => ({ module: `${at}.${module}`, kind: 'rms', width, epsilon });
    const own = inputBias ?? config.attention_bias;
    return block({
      norm1: rmsNorm('input_layernorm'),
      projections: [map('self_attn.q_proj', own, [width, queryWidth]), map('self_attn.k_proj', own, [width, keyWidth]), map('self_attn.v_proj', own, [width, keyWidth])],
      headNorms: null,
      out: map('self_attn.o_proj', config.attention_bias, [queryWidth, width]),
      norm2: rmsNorm('post_attention_layernorm'),
      gated: [map('mlp.gate_proj', config.mlp_bias, [width, inner]), map('mlp.up_proj', config.mlp_bias, [width, inner])],
      down: map('mlp.down_proj', config.mlp_bias, [inner, width]),
      normsAfter: null,
      sights: sights(index),
    }, at);
  });
  return {
    modelType,
    config: raw,
    ends: config,
    contextLength: config.max_position_embeddings,
    sizes,
    tokens,
    head: { module: 'lm_head', tied: config.tie_word_embeddings },
    names: { body: 'model.', blocks: 'model.layers', derived: /(^|\.)rotary_emb\.inv_freq$/ },
    loraTargets: ['q_proj', 'v_proj'],
    blocks,
    activation: activations[config.hidden_act],
    lastNorm: { module: 'model.norm', kind: 'rms', width, epsilon },
    rope: ropeOf(config, sizes.headSize),
  };
}

export function llama(raw: RawConfig): Model {
  return gatedDecoder(llamaLike('llama', raw, parseConfig(schema, raw)));
}
