/**
 * Baichuan 1 and 2 (Yang et al., 2023, arXiv:2309.10305): Llama with query, key and value in one map. The 7B turn
 * them (rotary), the 13B tell distances by ALiBi; the head of version 2 has rows of length 1.
 * Reference: modeling_baichuan.py beside the models' own files, since Transformers has no Baichuan.
 */
import { z } from 'zod';
import type { Linear } from '../../nn/layers.js';
import { alibiSlopes } from '../../nn/mask.js';
import { fixed, parseConfig, size, type RawConfig } from '../config.js';
import type { Model } from '../contract.js';
import { gatedDecoder, type GatedBlock } from '../gated.js';
import { llamaKeys, llamaLike } from './llama.js';

const schema = z.object({
  ...llamaKeys,
  num_key_value_heads: fixed(null),
  head_dim: fixed(null),
  attention_bias: fixed(false),
  mlp_bias: fixed(false),
  /** The 7B have this; the 13B `model_max_length` alone. */
  max_position_embeddings: size.optional(),
  model_max_length: size.default(4096),
  z_loss_weight: z.number().optional(),
});

/** Of version 2, whose configs also name the weight of a loss on the head's size. */
const secondVocabulary = 125_696;

export function baichuan(raw: RawConfig): Model {
  const parsed = parseConfig(schema, raw);
  const turns = parsed.max_position_embeddings !== undefined;
  const config = { ...parsed, max_position_embeddings: parsed.max_position_embeddings ?? parsed.model_max_length };
  const block = (plain: GatedBlock, at: string): GatedBlock => {
    const packed: Linear = { ...plain.projections[0], module: `${at}.self_attn.W_pack`, outputSize: 3 * config.hidden_size };
    return { ...plain, projections: [packed] };
  };
  const family = llamaLike('baichuan', raw, config, { block });
  return gatedDecoder({
    ...family,
    loraTargets: ['W_pack'], // PEFT names none; LLaMA-Factory's
    headNormed: config.z_loss_weight !== undefined || config.vocab_size === secondVocabulary,
    ...(turns ? {} : { rope: null, slopes: alibiSlopes(config.num_attention_heads) }),
  });
}
