/**
 * Mistral (Jiang et al., 2023, arXiv:2310.06825): Llama with a sliding window.
 * Reference: transformers/models/mistral/modeling_mistral.py.
 */
import { z } from 'zod';
import { causal, slidingWindow } from '../../nn/mask.js';
import { fixed, parseConfig, size, type RawConfig } from '../config.js';
import type { Model } from '../contract.js';
import { gatedDecoder } from '../gated.js';
import { llamaKeys, llamaLike } from './llama.js';

const schema = z.object({
  ...llamaKeys,
  num_key_value_heads: size.nullable().default(8),
  max_position_embeddings: size.default(131_072),
  sliding_window: size.nullable().default(4096),
  attention_bias: fixed(false),
  mlp_bias: fixed(false),
});

export function mistral(raw: RawConfig): Model {
  const config = parseConfig(schema, raw);
  const sights = config.sliding_window === null ? [causal] : [causal, slidingWindow(config.sliding_window)];
  return gatedDecoder(llamaLike('mistral', raw, config, { sights: () => sights }));
}
