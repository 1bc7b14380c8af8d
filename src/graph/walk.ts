import type { Builder } from './builder.js';
import type { Node } from './node.js';

/** Every node the outputs need, inputs before users. Ids grow with creation, so the order of ids is such an order. */
export function topological(outputs: Iterable<Node>): Node[] {
  const found = new Set<Node>();
  const open = [...outputs];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    open.push(...node.inputs);
  }
  return [...found].sort((a, b) => a.id - b.id);
}

/**
 * Builds the outputs' graph anew, node by node, inputs first. `visit` gets a node and its already rewritten
 * inputs and gives what is to stand in its place, or null to keep the op as it is.
 * Returns old node → new node for everything the outputs need.
 */
export function rewrite(g: Builder, outputs: Iterable<Node>, visit: (node: Node, newInputs: readonly Node[]) => Node | null): Map<Node, Node> {
  const rewritten = new Map<Node, Node>();
  for (const node of topological(outputs)) {
    const inputs = node.inputs.map((input) => rewritten.get(input)!);
    rewritten.set(node, visit(node, inputs) ?? g.rebuild(node, inputs));
  }
  return rewritten;
}
