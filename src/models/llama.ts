/**
 * Llama (Touvron et al., 2023, arXiv:2302.13971 and 2307.09288; Llama 3, arXiv:2407.21783) and Mistral
 * (Jiang et al., 2023, arXiv:2310.06825), which is Llama with a sliding window.
 * Reference: transformers/models/llama/modeling_llama.py, models/mistral/modeling_mistral.py. The config's own
 * dropout is not applied: an adapter has its `lora_dropout`.
 */
import { z } from 'zod';
import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';
import { activations, type Activation } from '../nn/activation.js';
import { attention, splitHeads } from '../nn/attention.js';
import { embedding, embeddingParameters, embeddingTable, linear, linearParameters, norm, normParameters, type Embedding, type Linear, type Norm } from '../nn/layers.js';
import { attentionBias, causal, slidingWindow } from '../nn/mask.js';
import { rotaryAngles, rotate, type Angles } from '../nn/rotary.js';
import { UserError } from '../util/errors.js';
import { withPast } from './cache.js';
import { activationName, idList, parseConfig, size, tokenId, tokenIds, type RawConfig } from './config.js';
import type { Model, ModelInputs, ModelOutput } from './contract.js';
import { ropeFrequencies, ropeKeys } from './rope.js';

const shared = {
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  head_dim: size.nullish(),
  hidden_act: activationName.default('silu'),
  rms_norm_eps: z.number().positive().default(1e-6),
  initializer_range: z.number().positive().default(0.02),
  tie_word_embeddings: z.boolean().default(false),
  bos_token_id: tokenId.default(1),
  eos_token_id: tokenIds.default(2),
  ...ropeKeys,
};

const llamaSchema = z.object({
  ...shared,
  num_key_value_heads: size.nullish(),
  max_position_embeddings: size.default(2048),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
});

const mistralSchema = z.object({
  ...shared,
  num_key_value_heads: size.nullable().default(8),
  max_position_embeddings: size.default(131_072),
  sliding_window: size.nullable().default(4096),
});

/** The keys of both, complete: what one family does not have is off. */
interface Config extends z.output<typeof llamaSchema> {
  readonly sliding_window: number | null;
}

interface Block {
  readonly index: number;
  readonly norm1: Norm;
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly out: Linear;
  readonly norm2: Norm;
  readonly gate: Linear;
  readonly up: Linear;
  readonly down: Linear;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly activation: Activation;
}

interface HeadSizes {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
}

function block(config: Config, index: number, sizes: HeadSizes): Block {
  const { hidden_size: width, intermediate_size: inner, rms_norm_eps: epsilon } = config;
  const queryWidth = sizes.heads * sizes.headSize;
  const keyWidth = sizes.keyValueHeads * sizes.headSize;
  const at = `model.layers.${index}`;
  const rmsNorm = (module: string): Norm => ({ module: `${at}.${module}`, kind: 'rms', width, epsilon });
  const layer = (module: string, bias: boolean) => (inputSize: number, outputSize: number): Linear => ({
    module: `${at}.${module}`,
    inputSize,
    outputSize,
    bias,
    transposeW: true,
    std: config.initializer_range,
  });
  const attn = (module: string) => layer(`self_attn.${module}`, config.attention_bias);
  const mlp = (module: string) => layer(`mlp.${module}`, config.mlp_bias);
  return {
    index,
    norm1: rmsNorm('input_layernorm'),
    query: attn('q_proj')(width, queryWidth),
    key: attn('k_proj')(width, keyWidth),
    value: attn('v_proj')(width, keyWidth),
    out: attn('o_proj')(queryWidth, width),
    norm2: rmsNorm('post_attention_layernorm'),
    gate: mlp('gate_proj')(width, inner),
    up: mlp('up_proj')(width, inner),
    down: mlp('down_proj')(inner, width),
    activation: activations[config.hidden_act],
    ...sizes,
  };
}

interface Context {
  readonly bias: Node;
  readonly angles: Angles;
  readonly cache: ModelInputs['cache'];
}

/** x + attention(norm(x)), then x + down(act(gate(norm(x))) · up(norm(x))); x [B, T, C] */
function runBlock(g: Builder, x: Node, block: Block, { bias, angles, cache }: Context): Node {
  const normed = norm(g, x, block.norm1);
  const query = rotate(g, splitHeads(g, linear(g, normed, block.query), block.heads), angles); // [B,H,T,D]
  const newKey = rotate(g, splitHeads(g, linear(g, normed, block.key), block.keyValueHeads), angles); // [B,K,T,D]
  const newValue = splitHeads(g, linear(g, normed, block.value), block.keyValueHeads); // [B,K,T,D]
  const { key, value } = withPast(g, cache, block.index, { key: newKey, value: newValue });
  const attended = attention(g, { query, key, value, bias, scale: 1 / Math.sqrt(block.headSize) });
  const middle = g.add(x, linear(g, attended, block.out));

  const inner = norm(g, middle, block.norm2);
  const gated = g.mul(block.activation(g, linear(g, inner, block.gate)), linear(g, inner, block.up)); // SwiGLU, [B,T,inner]
  return g.add(middle, linear(g, gated, block.down));
}

export function llama(raw: RawConfig): Model {
  return build('llama', raw, { ...parseConfig(llamaSchema, raw), sliding_window: null });
}

export function mistral(raw: RawConfig): Model {
  return build('mistral', raw, { ...parseConfig(mistralSchema, raw), attention_bias: false, mlp_bias: false });
}

function build(modelType: string, raw: RawConfig, config: Config): Model {
  const sizes = headSizes(config);
  const { vocab_size: vocabSize, hidden_size: width, num_hidden_layers: layerCount } = config;
  const frequencies = ropeFrequencies(config, sizes.headSize);
  const sights = config.sliding_window === null ? [causal] : [causal, slidingWindow(config.sliding_window)];

  const tokens: Embedding = { module: 'model.embed_tokens', rows: vocabSize, width, std: config.initializer_range };
  const blocks = Array.from({ length: layerCount }, (_, index) => block(config, index, sizes));
  const lastNorm: Norm = { module: 'model.norm', kind: 'rms', width, epsilon: config.rms_norm_eps };
  const head: Embedding = config.tie_word_embeddings ? tokens : { ...tokens, module: 'lm_head' };
  const linears = blocks.flatMap(({ query, key, value, out, gate, up, down }) => [query, key, value, out, gate, up, down]);

  return {
    modelType,
    config: raw,
    vocabSize,
    hiddenSize: width,
    layerCount,
    keyValueHeads: sizes.keyValueHeads,
    headSize: sizes.headSize,
    contextLength: config.max_position_embeddings,
    bosTokenId: idList(config.bos_token_id, vocabSize)[0] ?? null,
    eosTokenIds: idList(config.eos_token_id, vocabSize),
    parameters: [
      ...embeddingParameters(tokens),
      ...linears.flatMap(linearParameters),
      ...blocks.flatMap(({ norm1, norm2 }) => [...normParameters(norm1), ...normParameters(norm2)]),
      ...normParameters(lastNorm),
      ...(head === tokens ? [] : embeddingParameters(head)),
    ],
    linears,
    loraTargets: ['q_proj', 'v_proj'],
    layerOf(parameter) {
      const match = /^model\.layers\.(\d+)\./.exec(parameter);
      return match ? Number(match[1]) : null;
    },
    storedAs(parameter) {
      const plain = parameter.replace(/^model\./, ''); // a file of the body alone
      return head === tokens && plain === 'embed_tokens.weight' ? [parameter, plain, 'lm_head.weight'] : [parameter, plain];
    },
    isDerived: (tensor) => /(^|\.)rotary_emb\.inv_freq$/.test(tensor) || (head === tokens && tensor === 'lm_head.weight'),

    forward(g, inputs): ModelOutput {
      const context: Context = {
        bias: attentionBias(g, inputs, inputs.cache ?? inputs, sights),
        angles: rotaryAngles(g, inputs.positions, frequencies),
        cache: inputs.cache,
      };
      const hidden = blocks.reduce((x, b) => runBlock(g, x, b, context), embedding(g, inputs.ids, tokens)); // [B,T,C]
      return { hidden: norm(g, hidden, lastNorm), head: embeddingTable(g, head) };
    },
  };
}

function headSizes(config: Config): HeadSizes {
  const heads = config.num_attention_heads;
  const keyValueHeads = config.num_key_value_heads ?? heads;
  const headSize = config.head_dim ?? config.hidden_size / heads;
  if (heads % keyValueHeads !== 0) throw new UserError(`num_attention_heads ${heads} is not a multiple of num_key_value_heads ${keyValueHeads}`);
  if (!Number.isInteger(headSize)) throw new UserError(`hidden_size ${config.hidden_size} is not a multiple of num_attention_heads ${heads}`);
  if (headSize % 2 !== 0) throw new UserError(`rotary embedding needs an even head size, not ${headSize}`);
  return { heads, keyValueHeads, headSize };
}
