/**
 * Qwen 2 and 2.5 (Yang et al., 2024, arXiv:2407.10671, 2412.15115): Llama with biases on query, key and value.
 * Qwen 3 (arXiv:2505.09388): without them, with a norm on each head's query and key.
 * Reference: transformers/models/qwen2/modeling_qwen2.py, models/qwen3/modeling_qwen3.py.
 */
import { z } from 'zod';
import type { Norm } from '../../nn/layers.js';
import { causal, slidingWindow, type Sight } from '../../nn/mask.js';
import { fixed, parseConfig, size, tokenId, tokenIds, type RawConfig } from '../config.js';
import type { Model } from '../contract.js';
import { gatedDecoder } from '../gated.js';
import { llamaKeys, llamaLike } from './llama.js';

const layerType = z.enum(['full_attention', 'sliding_attention']);

const keys = {
  ...llamaKeys,
  num_key_value_heads: size.nullable().default(32),
  max_position_embeddings: size.default(32_768),
  bos_token_id: tokenId.default(null),
  eos_token_id: tokenIds.default(null),
  use_sliding_window: z.boolean().default(false),
  sliding_window: size.nullable().default(4096),
  max_window_layers: z.int().min(0).default(28),
  layer_types: z.array(layerType).nullish(),
  mlp_bias: fixed(false),
};

const qwen2Schema = z.object({ ...keys, attention_bias: fixed(false) });
const qwen3Schema = z.object({ ...keys, head_dim: size.nullable().default(128) });

type Windows = Pick<z.output<typeof qwen3Schema>, 'use_sliding_window' | 'sliding_window' | 'max_window_layers' | 'layer_types'>;

/** The upper layers see a window only, where the config turns that on. */
function sightsOf({ use_sliding_window: used, sliding_window: window, max_window_layers: from, layer_types: types }: Windows): (layer: number) => readonly Sight[] {
  if (!used || window === null) return () => [causal];
  return (layer) => ((types ? types[layer] === 'sliding_attention' : layer >= from) ? [causal, slidingWindow(window)] : [causal]);
}

export function qwen2(raw: RawConfig): Model {
  const config = parseConfig(qwen2Schema, raw);
  return gatedDecoder(llamaLike('qwen2', raw, config, { inputBias: true, sights: sightsOf(config) }));
}

export function qwen3(raw: RawConfig): Model {
  const config = parseConfig(qwen3Schema, raw);
  const headNorm = (module: string): Norm => ({ module, kind: 'rms', width: config.head_dim ?? config.hidden_size / config.num_attention_heads, epsilon: config.rms_norm_eps });
  const family = llamaLike('qwen3', raw, config, {
    sights: sightsOf(config),
    block: (block, at) => ({ ...block, headNorms: [headNorm(`${at}.self_attn.q_norm`), headNorm(`${at}.self_attn.k_norm`)] }),
  });
  return gatedDecoder(family);
}
