/**
 * GPT-NeoX (Black et al., 2022, arXiv:2204.06745), and Pythia, which is made of it: a part of each head turns, and
 * attention and MLP read the same input side by side.
 * Reference: transformers/models/gpt_neox/modeling_gpt_neox.py.
 */
import { z } from 'zod';
import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';
import { activations, type Activation } from '../nn/activation.js';
import { attention } from '../nn/attention.js';
import { embedding, embeddingParameters, embeddingTable, linear, linearParameters, norm, normParameters, type Embedding, type Linear, type Norm } from '../nn/layers.js';
import { attentionBias, causal } from '../nn/mask.js';
import { rotaryAngles, rotate, type Angles } from '../nn/rotary.js';
import { withPast } from './cache.js';
import { activationName, idList, parseConfig, size, tokenId, tokenIds, type RawConfig } from './config.js';
import type { Model, ModelInputs } from './contract.js';
import { headSizesOf } from './gated.js';
import { named } from './naming.js';
import { ropeKeys, ropeOf } from './rope.js';
import { saysNextToken } from './task.js';

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

interface Block {
  readonly index: number;
  readonly norm1: Norm;
  readonly qkv: Linear;
  readonly out: Linear;
  readonly norm2: Norm;
  readonly up: Linear;
  readonly down: Linear;
  readonly heads: number;
  readonly parallel: boolean;
  readonly activation: Activation;
}

function block(config: Config, index: number): Block {
  const { hidden_size: width, intermediate_size: inner, initializer_range: std, layer_norm_eps: epsilon } = config;
  const at = `gpt_neox.layers.${index}`;
  const map = (module: string, [inputSize, outputSize]: [number, number], bias = true): Linear => ({ module: `${at}.${module}`, inputSize, outputSize, bias, transposeW: true, std });
  const layerNorm = (module: string): Norm => ({ module: `${at}.${module}`, kind: 'layer', width, epsilon });
  return {
    index,
    norm1: layerNorm('input_layernorm'),
    qkv: map('attention.query_key_value', [width, 3 * width], config.attention_bias),
    out: map('attention.dense', [width, width], config.attention_bias),
    norm2: layerNorm('post_attention_layernorm'),
    up: map('mlp.dense_h_to_4h', [width, inner]),
    down: map('mlp.dense_4h_to_h', [inner, width]),
    heads: config.num_attention_heads,
    parallel: config.use_parallel_residual,
    activation: activations[config.hidden_act],
  };
}

interface Context {
  readonly bias: Node;
  readonly angles: Angles;
  readonly cache: ModelInputs['cache'];
}

/** x + attention(norm₁(x)) + mlp(norm₂(x)), or the second from the sum of the first; x [B, T, C] */
function runBlock(g: Builder, x: Node, block: Block, { bias, angles, cache }: Context): Node {
  const [b, t, width] = x.shape;
  const headSize = Number(width) / block.heads;
  const qkv = g.reshape(linear(g, norm(g, x, block.norm1), block.qkv), [b, t, block.heads, 3 * headSize]); // each head's three lie together
  const [q, k, v] = [0, 1, 2].map((i) => g.transpose(g.slice(qkv, 3, i * headSize, (i + 1) * headSize), [0, 2, 1, 3])); // [B,H,T,D]
  const { key, value } = withPast(g, cache, block.index, { key: rotate(g, k, angles), value: v });
  const attended = linear(g, attention(g, { query: rotate(g, q, angles), key, value, bias, scale: 1 / Math.sqrt(headSize) }), block.out);
  const middle = g.add(x, attended);

  const mapped = linear(g, block.activation(g, linear(g, norm(g, block.parallel ? x : middle, block.norm2), block.up)), block.down);
  return g.add(middle, mapped);
}

export function gptNeox(raw: RawConfig): Model {
  const config = parseConfig(schema, raw);
  const { vocab_size: vocabSize, hidden_size: width, initializer_range: std } = config;
  const { heads, headSize } = headSizesOf(config);
  const rope = ropeOf({ ...config, rope_theta: config.rope_theta ?? config.rotary_emb_base, partial_rotary_factor: config.partial_rotary_factor ?? config.rotary_pct }, headSize);
  const tokens: Embedding = { module: 'gpt_neox.embed_in', rows: vocabSize, width, std };
  const head: Embedding = config.tie_word_embeddings ? tokens : { ...tokens, module: 'embed_out' };
  const blocks = Array.from({ length: config.num_hidden_layers }, (_, index) => block(config, index));
  const lastNorm: Norm = { module: 'gpt_neox.final_layer_norm', kind: 'layer', width, epsilon: config.layer_norm_eps };
  return {
    modelType: 'gpt_neox',
    config: raw,
    vocabSize,
    hiddenSize: width,
    layerCount: blocks.length,
    keyValueHeads: heads,
    headSize,
    contextLength: config.max_position_embeddings,
    bosTokenId: idList(config.bos_token_id, vocabSize)[0] ?? null,
    eosTokenIds: idList(config.eos_token_id, vocabSize),
    parameters: [
      ...embeddingParameters(tokens),
      ...blocks.flatMap((b) => [...normParameters(b.norm1), ...linearParameters(b.qkv), ...linearParameters(b.out), ...normParameters(b.norm2), ...linearParameters(b.up), ...linearParameters(b.down)]),
      ...normParameters(lastNorm),
      ...(head === tokens ? [] : embeddingParameters(head)),
    ],
    linears: blocks.flatMap(({ qkv, out, up, down }) => [qkv, out, up, down]),
    loraTargets: ['query_key_value'],
    ...saysNextToken,
    ...named({
      body: 'gpt_neox.',
      blocks: 'gpt_neox.layers',
      tied: head === tokens ? { embedding: 'gpt_neox.embed_in.weight', head: 'embed_out.weight' } : null,
      derived: /(^|\.)attention\.(bias|masked_bias|rotary_emb\.inv_freq)$/,
    }),

    forward(g, inputs) {
      const context: Context = { bias: attentionBias(g, inputs, inputs.cache ?? inputs, [causal]), angles: rotaryAngles(g, inputs.positions, rope), cache: inputs.cache };
      const hidden = blocks.reduce((x, b) => runBlock(g, x, b, context), embedding(g, inputs.ids, tokens)); // [B,T,C]
      return { hidden: norm(g, hidden, lastNorm), head: { weight: embeddingTable(g, head) } };
    },
  };
}
