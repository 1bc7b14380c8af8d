import type { NodeProto } from './proto.js';

/**
 * The nodes that the outputs need, in an order that keeps few values alive.
 *
 * ONNX Runtime runs the graph depth first from its leaves (nodes whose results no node uses), the leaf that
 * is last in the file first, whatever stands between. So that the loss is computed before the gradients and
 * the gradient of the last layer before that of the first, each as soon as its inputs are there, the leaves
 * go to the end of the file, those whose inputs are there first last, and after them those of `first`.
 */
export function ordered(nodes: readonly NodeProto[], outputs: readonly string[], first: readonly string[] = []): NodeProto[] {
  const needed = new Set(outputs);
  const used = new Set<string>();
  const inner: NodeProto[] = [];
  const leaves: NodeProto[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.output.some((value) => needed.has(value))) continue;
    for (const value of node.input) {
      needed.add(value);
      used.add(value);
    }
    (node.output.some((value) => used.has(value)) ? inner : leaves).push(node);
  }
  inner.reverse();
  const made = new Map(inner.flatMap((node, place) => node.output.map((value) => [value, place])));
  const ready = (leaf: NodeProto): number => (first.includes(leaf.output[0]) ? -1 : latest(leaf));
  const latest = (leaf: NodeProto): number => Math.max(...leaf.input.map((value) => made.get(value) ?? -1));
  return [...inner, ...leaves.sort((a, b) => ready(b) - ready(a))];
}
