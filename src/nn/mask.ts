/** Who may attend to whom, from positions and segments alone. */
import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';

/** Where tokens stand: in which document, and where in it. Both i32. */
export interface Places {
  readonly positions: Node; // [B, T]
  readonly segments: Node; //  [B, T]
}

/** Query positions [B, 1, T, 1] and key positions [B, 1, 1, S] → bool [B, 1, T, S]. */
export type Sight = (g: Builder, query: Node, key: Node) => Node;

/** Keys at the query's own position or before. */
export const causal: Sight = (g, query, key) => g.op('lessEqual', [key, query], {});

/** Keys less than `size` positions back: query − key < size (Mistral, arXiv:2310.06825 §2). */
export function slidingWindow(size: number): Sight {
  return (g, query, key) => g.op('lessEqual', [query, g.add(key, size - 1)], {});
}

/**
 * What to add to attention scores: 0 where the key is in the query's segment and every sight allows it, else
 * a number so low that its softmax is exactly 0. One for all layers: [B, 1, T, S].
 */
export function attentionBias(g: Builder, queries: Places, keys: Places, sights: readonly Sight[]): Node {
  const position = [asQuery(g, queries.positions), asKey(g, keys.positions)] as const;
  const visible = sights.reduce<Node>((seen, sight) => g.op('and', [seen, sight(g, ...position)], {}), sameSegment(g, queries.segments, keys.segments));
  return g.where(visible, g.constant(0), -1e9);
}

/** The same for keys of another text, every one of which is seen: segments [B, T] and [B, S] → [B, 1, T, S]. */
export function crossBias(g: Builder, querySegments: Node, keySegments: Node): Node {
  return g.where(sameSegment(g, querySegments, keySegments), g.constant(0), -1e9);
}

function sameSegment(g: Builder, query: Node, key: Node): Node {
  return g.op('equal', [asQuery(g, query), asKey(g, key)], {}); // [B,1,T,S]
}

/**
 * What ALiBi adds to scores (Press et al., 2021, arXiv:2108.12409): slope·key position, [B, H, 1, S]. It differs
 * from the paper's −slope·distance by what is the same for all keys of a query, which softmax does not see.
 */
export function alibi(g: Builder, keyPositions: Node, slopes: readonly number[]): Node {
  const positions = asKey(g, g.cast(keyPositions, 'f32')); // [B, 1, 1, S]
  return g.mul(positions, g.constant(slopes, [slopes.length, 1, 1]));
}

/**
 * 2^(−8/H), 2^(−16/H), … for a power of two; else those of the power below, and in between every second of the
 * power above. Source: transformers/models/bloom/modeling_bloom.py, build_alibi_tensor.
 */
export function alibiSlopes(heads: number): number[] {
  const power = 2 ** Math.floor(Math.log2(heads));
  const first = Array.from({ length: power }, (_, i) => 2 ** ((-8 * (i + 1)) / power));
  const between = Array.from({ length: heads - power }, (_, i) => 2 ** ((-4 * (2 * i + 1)) / power));
  return [...first, ...between];
}

/** [B, T] → [B, 1, T, 1] */
function asQuery(g: Builder, x: Node): Node {
  return g.reshape(x, [x.shape[0], 1, x.shape[1], 1]);
}

/** [B, S] → [B, 1, 1, S] */
function asKey(g: Builder, x: Node): Node {
  return g.reshape(x, [x.shape[0], 1, 1, x.shape[1]]);
}
