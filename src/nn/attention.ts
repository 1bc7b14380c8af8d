/** Scaled dot-product attention (Vaswani et al., 2017, arXiv:1706.03762 §3.2), grouped queries included. */
import type { Builder } from '../graph/builder.js';
import { mulDims } from '../graph/dims.js';
import type { Node } from '../graph/node.js';

export interface AttentionInputs {
  readonly query: Node; // [B, H, T, D]
  readonly key: Node; //   [B, K, S, D], H a multiple of K
  readonly value: Node; // [B, K, S, D]
  /** Added to the scaled scores; broadcasts to [B, H, T, S]. */
  readonly bias: Node;
  readonly scale: number;
  /** Scaled scores s become c·tanh(s/c) before the bias (Gemma 2). */
  readonly softcap?: number | null;
}

/**
 * softmax(scale·q·kᵀ + bias)·v → [B, T, H·D].
 *
 * Query heads that share a key head (Ainslie et al., 2023, arXiv:2305.13245) are stacked along the rows of
 * one product, so that keys and values are never repeated.
 */
export function attention(g: Builder, { query, key, value, bias, scale, softcap = null }: AttentionInputs): Node {
  const [b, h, t, d] = query.shape;
  const [, k, s] = key.shape;
  const rows = mulDims(Number(h) / Number(k), t); // heads of a group × tokens

  const q = g.reshape(g.mul(query, scale), [b, k, rows, d]);
  const scores = g.reshape(g.matmul(q, key, { transposeB: true }), [b, h, t, s]); // [B,K,G·T,S] → [B,H,T,S]
  const capped = softcap === null ? scores : g.mul(g.op('tanh', [g.div(scores, softcap)], {}), softcap);
  const weights = g.reshape(g.softmax(g.add(capped, bias)), [b, k, rows, s]);
  return mergeHeads(g, g.reshape(g.matmul(weights, value), [b, h, t, d]));
}

/** [B, T, heads·D] → [B, heads, T, D] */
export function splitHeads(g: Builder, x: Node, heads: number): Node {
  const [b, t, width] = x.shape;
  return g.transpose(g.reshape(x, [b, t, heads, Number(width) / heads]), [0, 2, 1, 3]);
}

/** How one map's result holds all three: all queries, keys and values in turn (GPT-2), or those of a head together (Megatron-LM). */
export type FusedOrder = 'part by part' | 'head by head';

/** [B, T, 3·heads·D] → three of [B, heads, T, D] */
export function splitFused(g: Builder, qkv: Node, heads: number, order: FusedOrder): { query: Node; key: Node; value: Node } {
  const [b, t, width] = qkv.shape;
  const headSize = Number(width) / heads / 3;
  const apart = g.reshape(qkv, [b, t, heads, 3 * headSize]);
  const [query, key, value] = [0, 1, 2].map((i) =>
    order === 'head by head'
      ? g.transpose(g.slice(apart, 3, i * headSize, (i + 1) * headSize), [0, 2, 1, 3])
      : splitHeads(g, g.slice(qkv, 2, i * heads * headSize, (i + 1) * heads * headSize), heads),
  );
  return { query, key, value };
}

/** [B, H, T, D] → [B, T, H·D] */
function mergeHeads(g: Builder, x: Node): Node {
  const [b, h, t, d] = x.shape;
  return g.reshape(g.transpose(x, [0, 2, 1, 3]), [b, t, mulDims(h, d)]);
}
