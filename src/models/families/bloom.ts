/**
 * BLOOM (BigScience, 2022, arXiv:2211.05100): distances by ALiBi, a norm right behind the embedding.
 * Reference: transformers/models/bloom/modeling_bloom.py.
 */
import { z } from 'zod';
import type { Builder } from '../../graph/builder.js';
import type { Node } from '../../graph/node.js';
import { activations } from '../../nn/activation.js';
import { norm, normParameters, type Norm } from '../../nn/layers.js';
import { alibi, alibiSlopes } from '../../nn/mask.js';
import { mlp } from '../../nn/mlp.js';
import { parseConfig, size, tokenId, tokenIds, type RawConfig } from '../config.js';
import type { Model } from '../contract.js';
import { headSizesOf } from '../decoder.js';
import { causalContext, fusedDecoder, megatronBlock, selfAttention, type AttentionContext, type FusedBlock } from '../fused.js';

const schema = z
  .object({
    vocab_size: size,
    hidden_size: size.optional(),
    n_embed: size.optional(), // the first configs
    n_layer: size.optional(),
    num_hidden_layers: size.optional(),
    n_head: size.optional(),
    num_attention_heads: size.optional(),
    seq_length: size.default(2048),
    layer_norm_epsilon: z.number().positive().default(1e-5),
    initializer_range: z.number().positive().default(0.02),
    apply_residual_connection_post_layernorm: z.boolean().default(false),
    bos_token_id: tokenId.default(1),
    eos_token_id: tokenIds.default(2),
  })
  .transform(({ n_embed, n_layer, n_head, ...rest }) => ({
    ...rest,
    hidden_size: rest.hidden_size ?? n_embed ?? 64,
    num_hidden_layers: rest.num_hidden_layers ?? n_layer ?? 2,
    num_attention_heads: rest.num_attention_heads ?? n_head ?? 8,
  }));

type Config = z.output<typeof schema>;

interface Block extends FusedBlock {
  /** What is added to is the normed value and not the value. */
  readonly addsToNormed: boolean;
}

function block(config: Config, index: number): Block {
  const { hidden_size: width, num_attention_heads: heads, initializer_range: std, layer_norm_epsilon: epsilon } = config;
  const sizes = { width, inner: 4 * width, heads, epsilon, std, activation: activations.gelu_new };
  return { ...megatronBlock(index, { blocks: 'transformer.h', attention: 'self_attention' }, sizes), addsToNormed: config.apply_residual_connection_post_layernorm };
}

/** x + attention(norm(x)), then x + mlp(norm(x)); x [B, T, C] */
function runBlock(g: Builder, x: Node, block: Block, context: AttentionContext): Node {
  const first = norm(g, x, block.norm1);
  const middle = g.add(block.addsToNormed ? first : x, selfAttention(g, first, block, context));
  const second = norm(g, middle, block.norm2);
  return g.add(block.addsToNormed ? second : middle, mlp(g, second, block));
}

export function bloom(raw: RawConfig): Model {
  const config = parseConfig(schema, raw);
  const { vocab_size: vocabSize, hidden_size: width, initializer_range: std, layer_norm_epsilon: epsilon } = config;
  const sizes = headSizesOf(config);
  const slopes = alibiSlopes(sizes.heads);
  const firstNorm: Norm = { module: 'transformer.word_embeddings_layernorm', kind: 'layer', width, epsilon };
  return fusedDecoder({
    modelType: 'bloom',
    config: raw,
    ends: config,
    contextLength: config.seq_length,
    sizes,
    tokens: { module: 'transformer.word_embeddings', rows: vocabSize, width, std },
    head: { module: 'lm_head', tied: true },
    names: { body: 'transformer.', blocks: 'transformer.h' },
    loraTargets: ['query_key_value'],
    entrance: { parameters: normParameters(firstNorm), enter: (g, x) => norm(g, x, firstNorm) },
    blocks: Array.from({ length: config.num_hidden_layers }, (_, index) => block(config, index)),
    lastNorm: { module: 'transformer.ln_f', kind: 'layer', width, epsilon },
    context(g, inputs) {
      const { bias, cache } = causalContext(g, inputs);
      return { bias: g.add(bias, alibi(g, (cache ?? inputs).positions, slopes)), cache }; // [B,H,T,S]
    },
    runBlock,
  });
}
