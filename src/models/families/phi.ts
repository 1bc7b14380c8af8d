/**
 * Phi-1, 1.5 and 2 (Gunasekar et al., 2023, arXiv:2306.11644): one norm, after which attention and MLP read side by
 * side; a part of each head turns; the head has a bias. Reference: transformers/models/phi/modeling_phi.py.
 */
import { z } from 'zod';
import type { Builder } from '../../graph/builder.js';
import type { Node } from '../../graph/node.js';
import { activations } from '../../nn/activation.js';
import { attention, splitHeads } from '../../nn/attention.js';
import { embedding, embeddingParameters, linear, linearParameters, norm, normParameters, type Embedding, type Linear, type Norm } from '../../nn/layers.js';
import { attentionBias, causal } from '../../nn/mask.js';
import { mlp, type Mlp } from '../../nn/mlp.js';
import { rotaryAngles, rotate, type Angles } from '../../nn/rotary.js';
import { withPast } from '../cache.js';
import { activationName, notSupported, parseConfig, size, tokenId, tokenIds, type RawConfig } from '../config.js';
import type { Model, ModelInputs } from '../contract.js';
import { decoderFacts, headSizesOf, type HeadSizes } from '../decoder.js';
import { ropeKeys, ropeOf } from '../rope.js';

const schema = z.object({
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  hidden_act: activationName.default('gelu_new'),
  max_position_embeddings: size.default(2048),
  layer_norm_eps: z.number().positive().default(1e-5),
  initializer_range: z.number().positive().default(0.02),
  qk_layernorm: notSupported('a norm on queries and keys'),
  tie_word_embeddings: notSupported('a head tied to the embedding'),
  bos_token_id: tokenId.default(1),
  eos_token_id: tokenIds.default(2),
  ...ropeKeys,
});

type Config = z.output<typeof schema>;

interface Block extends Mlp {
  readonly index: number;
  readonly norm: Norm;
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly out: Linear;
  readonly sizes: HeadSizes;
}

function block(config: Config, index: number, sizes: HeadSizes): Block {
  const { hidden_size: width, intermediate_size: inner, initializer_range: std } = config;
  const at = `model.layers.${index}`;
  const keyWidth = sizes.keyValueHeads * sizes.headSize;
  const map = (module: string, inputSize: number, outputSize: number): Linear => ({ module: `${at}.${module}`, inputSize, outputSize, bias: true, transposeW: true, std });
  return {
    index,
    norm: { module: `${at}.input_layernorm`, kind: 'layer', width, epsilon: config.layer_norm_eps },
    query: map('self_attn.q_proj', width, width),
    key: map('self_attn.k_proj', width, keyWidth),
    value: map('self_attn.v_proj', width, keyWidth),
    out: map('self_attn.dense', width, width),
    up: map('mlp.fc1', width, inner),
    down: map('mlp.fc2', inner, width),
    sizes,
    activation: activations[config.hidden_act],
  };
}

interface Context {
  readonly bias: Node;
  readonly angles: Angles;
  readonly cache: ModelInputs['cache'];
}

/** x + attention(norm(x)) + mlp(norm(x)); x [B, T, C] */
function runBlock(g: Builder, x: Node, block: Block, { bias, angles, cache }: Context): Node {
  const { heads, keyValueHeads, headSize } = block.sizes;
  const normed = norm(g, x, block.norm);
  const query = rotate(g, splitHeads(g, linear(g, normed, block.query), heads), angles); // [B,H,T,D]
  const newKey = rotate(g, splitHeads(g, linear(g, normed, block.key), keyValueHeads), angles); // [B,K,T,D]
  const newValue = splitHeads(g, linear(g, normed, block.value), keyValueHeads);
  const { key, value } = withPast(g, cache, block.index, { key: newKey, value: newValue });
  const attended = linear(g, attention(g, { query, key, value, bias, scale: 1 / Math.sqrt(headSize) }), block.out);
  return g.add(g.add(attended, mlp(g, normed, block)), x);
}

export function phi(raw: RawConfig): Model {
  const config = parseConfig(schema, raw);
  const { vocab_size: vocabSize, hidden_size: width, initializer_range: std } = config;
  const sizes = headSizesOf(config);
  const rope = ropeOf({ ...config, partial_rotary_factor: config.partial_rotary_factor ?? 0.5 }, sizes.headSize);
  const tokens: Embedding = { module: 'model.embed_tokens', rows: vocabSize, width, std };
  const head: Linear = { module: 'lm_head', inputSize: width, outputSize: vocabSize, bias: true, transposeW: true, std };
  const blocks = Array.from({ length: config.num_hidden_layers }, (_, index) => block(config, index, sizes));
  const lastNorm: Norm = { module: 'model.final_layernorm', kind: 'layer', width, epsilon: config.layer_norm_eps };
  const linears = blocks.flatMap(({ query, key, value, out, up, down }) => [query, key, value, out, up, down]);
  return {
    ...decoderFacts({
      modelType: 'phi',
      config: raw,
      ends: config,
      contextLength: config.max_position_embeddings,
      sizes,
      tokens,
      head: { module: head.module, tied: false },
      names: { body: 'model.', blocks: 'model.layers', derived: /(^|\.)rotary_emb\.inv_freq$/ },
      loraTargets: ['q_proj', 'v_proj', 'fc1', 'fc2'],
    }, blocks.length),
    parameters: [...embeddingParameters(tokens), ...linears.flatMap(linearParameters), ...[...blocks.map((b) => b.norm), lastNorm].flatMap(normParameters), ...linearParameters(head)],
    linears,

    forward(g, inputs) {
      const context: Context = { bias: attentionBias(g, inputs, inputs.cache ?? inputs, [causal]), angles: rotaryAngles(g, inputs.positions, rope), cache: inputs.cache };
      const hidden = blocks.reduce((x, b) => runBlock(g, x, b, context), embedding(g, inputs.ids, tokens)); // [B,T,C]
      const weight = g.variable('lm_head.weight', [vocabSize, width]);
      return { hidden: norm(g, hidden, lastNorm), head: { weight, bias: g.variable('lm_head.bias', [vocabSize]) } };
    },
  };
}
