/**
 * BLOOM (BigScience, 2022, arXiv:2211.05100): distances by ALiBi, a norm right behind the embedding.
 * Reference: transformers/models/bloom/modeling_bloom.py.
 */
import { z } from 'zod';
import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';
import { activations } from '../nn/activation.js';
import { attention } from '../nn/attention.js';
import { embedding, embeddingParameters, embeddingTable, linear, linearParameters, norm, normParameters, type Embedding, type Linear, type Norm } from '../nn/layers.js';
import { alibi, alibiSlopes, attentionBias, causal } from '../nn/mask.js';
import { withPast } from './cache.js';
import { idList, parseConfig, size, tokenId, tokenIds, type RawConfig } from './config.js';
import type { Model, ModelInputs } from './contract.js';
import { headSizesOf } from './gated.js';
import { named } from './naming.js';
import { saysNextToken } from './task.js';

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

interface Block {
  readonly index: number;
  readonly norm1: Norm;
  readonly qkv: Linear;
  readonly out: Linear;
  readonly norm2: Norm;
  readonly up: Linear;
  readonly down: Linear;
  readonly heads: number;
  /** What is added to is the normed value and not the value. */
  readonly addsToNormed: boolean;
}

function block(config: Config, index: number): Block {
  const { hidden_size: width, initializer_range: std, layer_norm_epsilon: epsilon } = config;
  const at = `transformer.h.${index}`;
  const map = (module: string, inputSize: number, outputSize: number): Linear => ({ module: `${at}.${module}`, inputSize, outputSize, bias: true, transposeW: true, std });
  const layerNorm = (module: string): Norm => ({ module: `${at}.${module}`, kind: 'layer', width, epsilon });
  return {
    index,
    norm1: layerNorm('input_layernorm'),
    qkv: map('self_attention.query_key_value', width, 3 * width),
    out: map('self_attention.dense', width, width),
    norm2: layerNorm('post_attention_layernorm'),
    up: map('mlp.dense_h_to_4h', width, 4 * width),
    down: map('mlp.dense_4h_to_h', 4 * width, width),
    heads: config.num_attention_heads,
    addsToNormed: config.apply_residual_connection_post_layernorm,
  };
}

/** x + attention(norm(x)), then x + mlp(norm(x)); x [B, T, C] */
function runBlock(g: Builder, x: Node, block: Block, { bias, cache }: { readonly bias: Node; readonly cache: ModelInputs['cache'] }): Node {
  const [b, t, width] = x.shape;
  const headSize = Number(width) / block.heads;
  const first = norm(g, x, block.norm1);
  const qkv = g.reshape(linear(g, first, block.qkv), [b, t, block.heads, 3 * headSize]); // each head's three lie together
  const [query, newKey, newValue] = [0, 1, 2].map((i) => g.transpose(g.slice(qkv, 3, i * headSize, (i + 1) * headSize), [0, 2, 1, 3])); // [B,H,T,D]
  const { key, value } = withPast(g, cache, block.index, { key: newKey, value: newValue });
  const middle = g.add(block.addsToNormed ? first : x, linear(g, attention(g, { query, key, value, bias, scale: 1 / Math.sqrt(headSize) }), block.out));

  const second = norm(g, middle, block.norm2);
  return g.add(block.addsToNormed ? second : middle, linear(g, activations.gelu_new(g, linear(g, second, block.up)), block.down));
}

export function bloom(raw: RawConfig): Model {
  const config = parseConfig(schema, raw);
  const { vocab_size: vocabSize, hidden_size: width, initializer_range: std, layer_norm_epsilon: epsilon } = config;
  const { heads, headSize } = headSizesOf(config);
  const slopes = alibiSlopes(heads);
  const tokens: Embedding = { module: 'transformer.word_embeddings', rows: vocabSize, width, std };
  const firstNorm: Norm = { module: 'transformer.word_embeddings_layernorm', kind: 'layer', width, epsilon };
  const blocks = Array.from({ length: config.num_hidden_layers }, (_, index) => block(config, index));
  const lastNorm: Norm = { module: 'transformer.ln_f', kind: 'layer', width, epsilon };
  const linears = blocks.flatMap(({ qkv, out, up, down }) => [qkv, out, up, down]);
  return {
    modelType: 'bloom',
    config: raw,
    vocabSize,
    hiddenSize: width,
    layerCount: blocks.length,
    keyValueHeads: heads,
    headSize,
    contextLength: config.seq_length,
    bosTokenId: idList(config.bos_token_id, vocabSize)[0] ?? null,
    eosTokenIds: idList(config.eos_token_id, vocabSize),
    parameters: [...embeddingParameters(tokens), ...linears.flatMap(linearParameters), ...[firstNorm, ...blocks.flatMap(({ norm1, norm2 }) => [norm1, norm2]), lastNorm].flatMap(normParameters)],
    linears,
    loraTargets: ['query_key_value'],
    ...saysNextToken,
    ...named({ body: 'transformer.', blocks: 'transformer.h', tied: { embedding: 'transformer.word_embeddings.weight', head: 'lm_head.weight' } }),

    forward(g, inputs) {
      const keys = inputs.cache ?? inputs;
      const bias = g.add(attentionBias(g, inputs, keys, [causal]), alibi(g, keys.positions, slopes)); // [B,H,T,S]
      const embedded = norm(g, embedding(g, inputs.ids, tokens), firstNorm); // [B,T,C]
      const hidden = blocks.reduce((x, b) => runBlock(g, x, b, { bias, cache: inputs.cache }), embedded);
      return { hidden: norm(g, hidden, lastNorm), head: { weight: embeddingTable(g, tokens) } };
    },
  };
}
