/**
 * GPT-NeoX (Black et al., 2022, arXiv:2204.06745), and Pythia, which is made of it: a part of each head turns, and
 * attention and MLP read the same input side by side.
 * Reference: transformers/models/gpt_neox/modeling_gpt_neox.py.
 */
import { z } from 'zod';
import type { Builder } from '../../graph/builder.js';
import type { Node } from '../../graph/node.js';
import { activations } from '../../nn/activation.js';
import { norm } from '../../nn/layers.js';
import { mlp } from '../../nn/mlp.js';
import { rotaryAngles, rotate } from '../../nn/rotary.js';
import { activationName, parseConfig, size, tokenId, tokenIds, type RawConfig } from '../config.js';
import type { Model } from '../contract.js';
import { headSizesOf } from '../decoder.js';
import { causalContext, fusedDecoder, megatronBlock, selfAttention, type AttentionContext, type FusedBlock } from '../fused.js';
import { ropeKeys, ropeOf } from '../rope.js';

const schema = z.object({
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  hidden_act: activationName.default('gelu'),
  max_position_embeddings: size.default(2048),
  layer_norm_eps: z.number().positive().default(1e-5),
  initializer_range: z.number().positive().default(0.02),
  use_parallel_residual: z.boolean().default(true),
  attention_bias: z.boolean().default(true),
  rotary_pct: z.number().positive().max(1).default(0.25), // Transformers 4
  rotary_emb_base: z.number().positive().default(10_000),
  tie_word_embeddings: z.boolean().default(false),
  bos_token_id: tokenId.default(0),
  eos_token_id: tokenIds.default(2),
  ...ropeKeys,
});

type Config = z.output<typeof schema>;

interface Block extends FusedBlock {
  readonly parallel: boolean;
}

function block(config: Config, index: number): Block {
  const { hidden_size: width, intermediate_size: inner, num_attention_heads: heads, initializer_range: std, layer_norm_eps: epsilon } = config;
  const sizes = { width, inner, heads, epsilon, std, activation: activations[config.hidden_act], attentionBias: config.attention_bias };
  return { ...megatronBlock(index, { blocks: 'gpt_neox.layers', attention: 'attention' }, sizes), parallel: config.use_parallel_residual };
}

/** x + attention(norm₁(x)) + mlp(norm₂(x)), or the second from the sum of the first; x [B, T, C] */
function runBlock(g: Builder, x: Node, block: Block, context: AttentionContext): Node {
  const middle = g.add(x, selfAttention(g, norm(g, x, block.norm1), block, context));
  return g.add(middle, mlp(g, norm(g, block.parallel ? x : middle, block.norm2), block));
}

export function gptNeox(raw: RawConfig): Model {
  const config = parseConfig(schema, raw);
  const { vocab_size: vocabSize, hidden_size: width, initializer_range: std } = config;
  const sizes = headSizesOf(config);
  const rope = ropeOf({ ...config, rope_theta: config.rope_theta ?? config.rotary_emb_base, partial_rotary_factor: config.partial_rotary_factor ?? config.rotary_pct }, sizes.headSize);
  return fusedDecoder({
    modelType: 'gpt_neox',
    config: raw,
    ends: config,
    contextLength: config.max_position_embeddings,
    sizes,
    tokens: { module: 'gpt_neox.embed_in', rows: vocabSize, width, std },
    head: { module: 'embed_out', tied: config.tie_word_embeddings },
    names: { body: 'gpt_neox.', blocks: 'gpt_neox.layers', derived: /(^|\.)attention\.(bias|masked_bias|rotary_emb\.inv_freq)$/ },
    loraTargets: ['query_key_value'],
    blocks: Array.from({ length: config.num_hidden_layers }, (_, index) => block(config, index)),
    lastNorm: { module: 'gpt_neox.final_layer_norm', kind: 'layer', width, epsilon: config.layer_norm_eps },
    context(g, inputs) {
      const angles = rotaryAngles(g, inputs.positions, rope);
      return { ...causalContext(g, inputs), turn: (heads) => rotate(g, heads, angles) };
    },
    runBlock,
  });
}
