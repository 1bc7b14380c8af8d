/**
 * Phi-3 (Abdin et al., 2024, arXiv:2404.14219): Llama with query, key and value in one map, and gate and up in one.
 * Reference: transformers/models/phi3/modeling_phi3.py. LongRoPE, which its 128k versions have, is not built.
 */
import { z } from 'zod';
import type { Linear } from '../../nn/layers.js';
import { causal, slidingWindow } from '../../nn/mask.js';
import { fixed, parseConfig, size, tokenIds, type RawConfig } from '../config.js';
import type { Model } from '../contract.js';
import { gatedDecoder, type GatedBlock } from '../gated.js';
import { llamaKeys, llamaLike } from './llama.js';

const schema = z.object({
  ...llamaKeys,
  max_position_embeddings: size.default(4096),
  rms_norm_eps: z.number().positive().default(1e-5),
  sliding_window: size.nullish(),
  eos_token_id: tokenIds.default(32_000),
  attention_bias: fixed(false),
  mlp_bias: fixed(false),
});

export function phi3(raw: RawConfig): Model {
  const config = parseConfig(schema, raw);
  const { sliding_window: window } = config;
  const together = (module: string, maps: readonly Linear[]): Linear => ({ ...maps[0], module, outputSize: maps.reduce((sum, { outputSize }) => sum + outputSize, 0) });
  const block = (plain: GatedBlock, at: string): GatedBlock => ({
    ...plain,
    projections: [together(`${at}.self_attn.qkv_proj`, plain.projections)],
    gated: [together(`${at}.mlp.gate_up_proj`, plain.gated)],
  });
  return gatedDecoder({
    ...llamaLike('phi3', raw, config, { sights: () => (window ? [causal, slidingWindow(window)] : [causal]), block }),
    loraTargets: ['qkv_proj'], // PEFT names none
  });
}
