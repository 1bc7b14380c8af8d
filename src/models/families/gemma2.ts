/**
 * Gemma 2 (Gemma Team, 2024, arXiv:2408.00118): norms before and after, every second layer with a window, scores and
 * logits bounded by tanh, the embedding scaled by √C. Reference: transformers/models/gemma2/modeling_gemma2.py.
 */
import { z } from 'zod';
import type { Norm } from '../../nn/layers.js';
import { causal, slidingWindow } from '../../nn/mask.js';
import { activationName, fixed, notSupported, parseConfig, size, tokenId, tokenIds, type RawConfig } from '../config.js';
import type { Model } from '../contract.js';
import { gatedDecoder, type GatedBlock } from '../gated.js';
import { llamaKeys, llamaLike } from './llama.js';

const schema = z.object({
  ...llamaKeys,
  num_key_value_heads: size.default(4),
  head_dim: size.default(256),
  hidden_activation: activationName.nullish(),
  hidden_act: fixed('gelu_pytorch_tanh'), // older configs name another one there, which is not used
  max_position_embeddings: size.default(8192),
  tie_word_embeddings: z.boolean().default(true),
  bos_token_id: tokenId.default(2),
  eos_token_id: tokenIds.default(1),
  query_pre_attn_scalar: z.number().positive().default(256),
  sliding_window: size.nullable().default(4096),
  layer_types: z.array(z.enum(['full_attention', 'sliding_attention'])).nullish(),
  final_logit_softcapping: z.number().positive().nullable().default(30),
  attn_logit_softcapping: z.number().positive().nullable().default(50),
  use_bidirectional_attention: notSupported('attention to what comes later'),
  mlp_bias: fixed(false),
});

export function gemma2(raw: RawConfig): Model {
  const parsed = parseConfig(schema, raw);
  const config = { ...parsed, hidden_act: parsed.hidden_activation ?? parsed.hidden_act };
  const { sliding_window: window, layer_types: types } = config;
  const sees = (layer: number) => (window !== null && (types ? types[layer] === 'sliding_attention' : layer % 2 === 0) ? [causal, slidingWindow(window)] : [causal]);
  const gemmaNorm = (module: string): Norm => ({ module, kind: 'rms', width: config.hidden_size, epsilon: config.rms_norm_eps, fromOne: true });
  const block = (plain: GatedBlock, at: string): GatedBlock => ({
    ...plain,
    norm1: gemmaNorm(`${at}.input_layernorm`),
    norm2: gemmaNorm(`${at}.pre_feedforward_layernorm`),
    normsAfter: [gemmaNorm(`${at}.post_attention_layernorm`), gemmaNorm(`${at}.post_feedforward_layernorm`)],
  });
  return gatedDecoder({
    ...llamaLike('gemma2', raw, config, { sights: sees, block }),
    lastNorm: gemmaNorm('model.norm'),
    embeddingScale: Math.sqrt(config.hidden_size),
    scale: 1 / Math.sqrt(config.query_pre_attn_scalar),
    scoreSoftcap: config.attn_logit_softcapping,
    logitSoftcap: config.final_logit_softcapping,
  });
}
