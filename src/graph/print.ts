/** Graphs as text, for errors and tests. */
import { printShape } from './dims.js';
import type { Fn, Node } from './node.js';
import { nodesOf } from './program.js';
import { isLeaf } from './shapes.js';

/**
 * A function, a line a node: `%12 = linear(%3, wte) {transposeW} : f32 [B, T, 768]`. Inputs and variables go
 * by their names, constants by their values, the rest by their place in the order of computing.
 */
export function printFn(fn: Fn): string {
  const nodes = nodesOf(fn);
  const inputs = fn.inputs.map((input) => `${input.attrs.name}: ${printType(input)}`);
  const name = namer(nodes);
  return [
    `${fn.name}(${inputs.join(', ')})`,
    ...nodes.filter((node) => !isLeaf(node)).map((node) => `  ${printNode(node, name)}`),
    ...Object.entries(fn.outputs).map(([output, node]) => `  return ${output} = ${name(node)}`),
    ...Object.entries(fn.updates).map(([variable, node]) => `  ${variable} := ${name(node)}`),
  ].join('\n');
}

/** Names for the nodes of one function, given in order. */
export function namer(nodes: readonly Node[]): (node: Node) => string {
  const numbers = new Map<Node, number>();
  for (const node of nodes) if (!isLeaf(node)) numbers.set(node, numbers.size);
  return (node) => {
    if (node.kind === 'input' || node.kind === 'variable') return node.attrs.name;
    if (node.kind === 'constant') return printConstant(node.attrs.values, node.shape.length === 0);
    return `%${numbers.get(node) ?? '?'}`;
  };
}

export function printNode(node: Node, name: (node: Node) => string): string {
  if (isLeaf(node)) return `${name(node)} : ${printType(node)}`;
  return `${name(node)} = ${node.kind}(${node.inputs.map(name).join(', ')})${printAttributes(node)} : ${printType(node)}`;
}

function printType({ dtype, shape }: Node): string {
  return `${dtype} ${printShape(shape)}`;
}

/** Flags by name where they are set, values as `key: value`; what the type says already is left out. */
function printAttributes({ attrs }: Node): string {
  const parts = Object.entries(attrs).flatMap(([key, value]: [string, unknown]) => {
    if (value === false || key === 'shape' || key === 'to') return [];
    return value === true ? [key] : [`${key}: ${Array.isArray(value) ? `[${value.join(', ')}]` : String(value)}`];
  });
  return parts.length === 0 ? '' : ` {${parts.join(', ')}}`;
}

function printConstant(values: readonly number[], isScalar: boolean): string {
  if (isScalar) return String(values[0]);
  const shown = values.slice(0, 4).join(', ');
  return values.length > 4 ? `[${shown}, … ${values.length}]` : `[${shown}]`;
}
