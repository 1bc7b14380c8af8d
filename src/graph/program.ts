import type { Fn, Node, NodeOf } from './node.js';
import { topological } from './walk.js';

/** The nodes a function computes, inputs before users. Nothing else of the graph exists for an engine. */
export function nodesOf(fn: Fn): Node[] {
  return topological([...Object.values(fn.outputs), ...Object.values(fn.updates)]);
}

/**
 * A function from what it gives: `outputs` by name, `updates` by the name of the variable they replace.
 * Its inputs are those that the outputs need, in the order they were made.
 */
export function makeFn(name: string, outputs: Readonly<Record<string, Node>>, updates: Readonly<Record<string, Node>> = {}): Fn {
  const inputs = topological([...Object.values(outputs), ...Object.values(updates)]).filter((node): node is NodeOf<'input'> => node.kind === 'input');
  return Object.freeze({ name, inputs: Object.freeze(inputs), outputs: Object.freeze({ ...outputs }), updates: Object.freeze({ ...updates }) });
}
