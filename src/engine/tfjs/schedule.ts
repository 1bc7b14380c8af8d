import type { Fn, Node } from '../../graph/node.js';
import { nodesOf } from '../../graph/program.js';

export interface Step {
  readonly node: Node;
  /** Values that nothing after this step reads. */
  readonly dead: readonly Node[];
}

/** The order in which a function's nodes are computed, and the moment at which each value's memory is free again. */
export function schedule(fn: Fn): readonly Step[] {
  const results = new Set([...Object.values(fn.outputs), ...Object.values(fn.updates)]);
  const nodes = nodesOf(fn);
  const lastReader = new Map<Node, Node>();
  for (const node of nodes) for (const input of node.inputs) lastReader.set(input, node);
  return nodes.map((node) => ({
    node,
    dead: [...new Set(node.inputs)].filter((input) => lastReader.get(input) === node && !results.has(input)),
  }));
}
