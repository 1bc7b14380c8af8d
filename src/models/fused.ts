/**
 * What GPT-2, BLOOM, GPT-NeoX and ChatGLM-6B have in common: one map gives query, key and value (fused QKV), an MLP of two
 * maps follows, and each reads through a layer norm. What is added to what is each family's own, in its file, as is how
 * positions are told.
 */
import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';
import type { Activation } from '../nn/activation.js';
import { attention, splitFused, type FusedOrder } from '../nn/attention.js';
import { embedding, embeddingParameters, embeddingTable, linear, linearParameters, norm, normParameters, type Linear, type Norm } from '../nn/layers.js';
import { attentionBias, causal } from '../nn/mask.js';
import type { Mlp } from '../nn/mlp.js';
import type { ParameterSpec } from '../nn/parameter.js';
import { withPast } from './cache.js';
import type { Model, ModelInputs } from './contract.js';
import { decoderFacts, headEmbedding, type DecoderParts } from './decoder.js';

export interface FusedBlock extends Mlp {
  readonly index: number;
  readonly norm1: Norm;
  readonly qkv: Linear;
  readonly order: FusedOrder;
  readonly out: Linear;
  readonly norm2: Norm;
  readonly heads: number;
  /** Of q·kᵀ. */
  readonly scale: number;
}

interface Sizes {
  readonly width: number;
  readonly inner: number;
  readonly heads: number;
  readonly epsilon: number;
  readonly std: number;
  readonly activation: Activation;
  readonly attentionBias?: boolean;
}

/** A block under the names of Megatron-LM, which all but GPT-2 have; `blocks` and `attention` are what their modules are called. */
export function megatronBlock(index: number, { blocks, attention }: { readonly blocks: string; readonly attention: string }, sizes: Sizes): FusedBlock {
  const { width, inner, heads, epsilon, std, activation, attentionBias = true } = sizes;
  const at = `${blocks}.${index}`;
  const map = (module: string, [inputSize, outputSize]: [number, number], bias = true): Linear => ({ module: `${at}.${module}`, inputSize, outputSize, bias, transposeW: true, std });
  const layerNorm = (module: string): Norm => ({ module: `${at}.${module}`, kind: 'layer', width, epsilon });
  return {
    index,
    norm1: layerNorm('input_layernorm'),
    qkv: map(`${attention}.query_key_value`, [width, 3 * width], attentionBias),
    order: 'head by head',
    out: map(`${attention}.dense`, [width, width], attentionBias),
    norm2: layerNorm('post_attention_layernorm'),
    up: map('mlp.dense_h_to_4h', [width, inner]),
    activation,
    down: map('mlp.dense_4h_to_h', [inner, width]),
    heads,
    scale: Math.sqrt(heads / width),
  };
}

/** What every layer of one call shares. */
export interface AttentionContext {
  readonly bias: Node;
  readonly cache: ModelInputs['cache'];
  /** What positions do to queries and keys [B, H, T, D]. */
  readonly turn?: (heads: Node) => Node;
}

/** out(attention(normed)); [B, T, C] → [B, T, C] */
export function selfAttention(g: Builder, normed: Node, { index, qkv, order, out, heads, scale }: FusedBlock, { bias, cache, turn = (x) => x }: AttentionContext): Node {
  const { query, key: newKey, value: newValue } = splitFused(g, linear(g, normed, qkv), heads, order); // [B,H,T,D]
  const { key, value } = withPast(g, cache, index, { key: turn(newKey), value: newValue });
  return linear(g, attention(g, { query: turn(query), key, value, bias, scale }), out);
}

export interface FusedDecoder<Block extends FusedBlock> extends DecoderParts {
  readonly blocks: readonly Block[];
  readonly lastNorm: Norm;
  /** Between the tokens' vectors [B, T, C] and the first block: GPT-2 adds positions, BLOOM has a norm. */
  readonly entrance?: { readonly parameters: readonly ParameterSpec[]; enter(g: Builder, x: Node, inputs: ModelInputs): Node };
  /** What a token sees and how positions turn it; if not given, all before it, unturned. */
  context?(g: Builder, inputs: ModelInputs): AttentionContext;
  /** [B, T, C] → [B, T, C] */
  runBlock(g: Builder, x: Node, block: Block, context: AttentionContext): Node;
}

export function fusedDecoder<Block extends FusedBlock>(family: FusedDecoder<Block>): Model {
  const { tokens, blocks, lastNorm, entrance, context = causalContext } = family;
  const head = headEmbedding(tokens, family.head);
  return {
    ...decoderFacts(family, blocks.length),
    parameters: [
      ...embeddingParameters(tokens),
      ...(entrance?.parameters ?? []),
      ...blocks.flatMap(parametersOf),
      ...normParameters(lastNorm),
      ...(family.head.tied ? [] : embeddingParameters(head)),
    ],
    linears: blocks.flatMap(({ qkv, out, up, down }) => [qkv, out, up, down]),

    forward(g, inputs) {
      const shared = context(g, inputs);
      const embedded = embedding(g, inputs.ids, tokens); // [B,T,C]
      const start = entrance?.enter(g, embedded, inputs) ?? embedded;
      const hidden = blocks.reduce((x, block) => family.runBlock(g, x, block, shared), start);
      return { hidden: norm(g, hidden, lastNorm), head: { weight: embeddingTable(g, head) } };
    },
  };
}

export function causalContext(g: Builder, inputs: ModelInputs): AttentionContext {
  return { bias: attentionBias(g, inputs, inputs.cache ?? inputs, [causal]), cache: inputs.cache };
}

function parametersOf({ norm1, qkv, out, norm2, up, down }: FusedBlock): ParameterSpec[] {
  return [...normParameters(norm1), ...linearParameters(qkv), ...linearParameters(out), ...normParameters(norm2), ...linearParameters(up), ...linearParameters(down)];
}
