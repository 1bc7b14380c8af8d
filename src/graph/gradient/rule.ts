import type { Builder } from '../builder.js';
import type { Node, NodeOf, OpKind } from '../node.js';

/**
 * One entry an input: builds d loss / d input, called only where something trainable needs it; null for an
 * input of integers or booleans, which has no gradient. What it builds may still be of the op's broadcast
 * shape: the pass sums it back to the input's.
 */
export type InputGradients = readonly ((() => Node) | null)[];

/** `dy` is d loss / d node, in the node's shape. */
export type Rule<K extends OpKind> = (g: Builder, node: NodeOf<K>, dy: Node) => InputGradients;

/** The rules of some ops; null is "no gradient": a leaf, or a value that is not a real number. */
export type Rules<K extends OpKind = OpKind> = { readonly [P in K]: Rule<P> | null };

/** Computed in f32, and given in the type of the first value: what one op rounds once, a chain of ops must not round at every link. */
export function inF32(g: Builder, values: readonly Node[], compute: (...values: Node[]) => Node): Node {
  return g.cast(compute(...values.map((value) => g.cast(value, 'f32'))), values[0].dtype);
}
