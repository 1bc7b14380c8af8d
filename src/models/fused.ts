/**
 * What GPT-2, BLOOM, GPT-NeoX and ChatGLM-6B have in common: one map gives query, key and value (fused QKV), an MLP of two
 * maps follows, and each reads through a layer norm. What is added to what is each family's own, in its file.
 */
import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';
import type { Activation } from '../nn/activation.js';
import { attention, splitFused, type FusedOrder } from '../nn/attention.js';
import { linear, linearParameters, normParameters, type Linear, type Norm } from '../nn/layers.js';
import type { Mlp } from '../nn/mlp.js';
import type { ParameterSpec } from '../nn/parameter.js';
import { withPast } from './cache.js';
import type { ModelInputs } from './contract.js';

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

export function fusedLinears(blocks: readonly FusedBlock[]): Linear[] {
  return blocks.flatMap(({ qkv, out, up, down }) => [qkv, out, up, down]);
}

export function fusedParameters(blocks: readonly FusedBlock[]): ParameterSpec[] {
  return blocks.flatMap(({ norm1, qkv, out, norm2, up, down }) => [...normParameters(norm1), ...linearParameters(qkv), ...linearParameters(out), ...normParameters(norm2), ...linearParameters(up), ...linearParameters(down)]);
}
