/**
 * GPT-2 (Radford et al., 2019, "Language Models are Unsupervised Multitask Learners").
 * Reference: transformers/models/gpt2/modeling_gpt2.py. The config's own dropouts are not applied: an adapter
 * has its `lora_dropout`.
 */
import { z } from 'zod';
import type { Builder } from '../../graph/builder.js';
import type { Node } from '../../graph/node.js';
import { activations } from '../../nn/activation.js';
import { embedding, embeddingParameters, norm, type Embedding, type Linear, type Norm } from '../../nn/layers.js';
import { mlp } from '../../nn/mlp.js';
import { UserError } from '../../util/errors.js';
import { activationName, notSupported, parseConfig, size, tokenId, tokenIds, type RawConfig } from '../config.js';
import type { Model } from '../contract.js';
import { fusedDecoder, selfAttention, type AttentionContext, type FusedBlock } from '../fused.js';

const schema = z.object({
  vocab_size: size,
  n_positions: size.default(1024),
  n_embd: size,
  n_layer: size,
  n_head: size,
  n_inner: size.nullish(),
  activation_function: activationName.default('gelu_new'),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  initializer_range: z.number().positive().default(0.02),
  scale_attn_weights: z.boolean().default(true),
  scale_attn_by_inverse_layer_idx: z.boolean().default(false),
  add_cross_attention: notSupported('attention to an encoder'),
  tie_word_embeddings: z.boolean().default(true),
  bos_token_id: tokenId.default(50_256),
  eos_token_id: tokenIds.default(50_256),
});

type Config = z.output<typeof schema>;

function block(config: Config, index: number): FusedBlock {
  const { n_embd: width, n_head: heads, n_layer, initializer_range: std, layer_norm_epsilon: epsilon } = config;
  const inner = config.n_inner ?? 4 * width;
  const at = `transformer.h.${index}`;
  const conv1d = (module: string, inputSize: number, outputSize: number): Linear => ({ module: `${at}.${module}`, inputSize, outputSize, bias: true, transposeW: false, std });
  const layerNorm = (module: string): Norm => ({ module: `${at}.${module}`, kind: 'layer', width, epsilon });
  // What is added to the residual stream starts smaller, so that its variance does not grow with depth (§2.3).
  const residual = (layer: Linear): Linear => ({ ...layer, std: std / Math.sqrt(2 * n_layer) });
  return {
    index,
    norm1: layerNorm('ln_1'),
    qkv: conv1d('attn.c_attn', width, 3 * width),
    order: 'part by part',
    out: residual(conv1d('attn.c_proj', width, width)),
    norm2: layerNorm('ln_2'),
    up: conv1d('mlp.c_fc', width, inner),
    activation: activations[config.activation_function],
    down: residual(conv1d('mlp.c_proj', inner, width)),
    heads,
    scale: (config.scale_attn_weights ? Math.sqrt(heads / width) : 1) / (config.scale_attn_by_inverse_layer_idx ? index + 1 : 1),
  };
}

/** x + attention(norm(x)), then x + mlp(norm(x)); x [B, T, C] */
function runBlock(g: Builder, x: Node, block: FusedBlock, context: AttentionContext): Node {
  const middle = g.add(x, selfAttention(g, norm(g, x, block.norm1), block, context));
  return g.add(middle, mlp(g, norm(g, middle, block.norm2), block));
}

export function gpt2(raw: RawConfig): Model {
  const config = parseConfig(schema, raw);
  const { n_embd: width, n_head: heads, initializer_range: std } = config;
  if (width % heads !== 0) throw new UserError(`n_embd ${width} is not a multiple of n_head ${heads}`);

  const tokens: Embedding = { module: 'transformer.wte', rows: config.vocab_size, width, std };
  const positions: Embedding = { module: 'transformer.wpe', rows: config.n_positions, width, std };
  return fusedDecoder({
    modelType: 'gpt2',
    config: raw,
    ends: config,
    contextLength: config.n_positions,
    sizes: { heads, keyValueHeads: heads, headSize: width / heads },
    tokens,
    head: { module: 'lm_head', tied: config.tie_word_embeddings },
    names: { body: 'transformer.', blocks: 'transformer.h', derived: /(^|\.)attn\.(bias|masked_bias)$/ },
    loraTargets: ['c_attn'],
    entrance: { parameters: embeddingParameters(positions), enter: (g, x, inputs) => g.add(x, embedding(g, inputs.positions, positions)) },
    blocks: Array.from({ length: config.n_layer }, (_, index) => block(config, index)),
    lastNorm: { module: 'transformer.ln_f', kind: 'layer', width, epsilon: config.layer_norm_epsilon },
    runBlock,
  });
}
