/**
 * Updates whose every element is made of the same element of other variables, such as AdamW's. However large the variables
 * are, they are computed a slab of elements at a time, and the results written where the old values were: nothing is in
 * memory twice, and variables that are computed alike share one compiled function.
 */
import { Builder } from '../../graph/builder.js';
import type { DType, Fn, Node, OpKind } from '../../graph/node.js';
import { printFn } from '../../graph/print.js';
import { makeFn, nodesOf } from '../../graph/program.js';
import type { DerivedKind } from '../../graph/shapes.js';
import { sizeOf } from '../../util/tensor.js';

/** Elements of a slab: its values and those on the way stay near the processor, and a run's own cost is small beside them. */
export const slabElements = 1 << 20;

export interface Elementwise {
  /** Of slabs [S] of the variables, called `0`, `1`, …, and the scalars that the function was given; its outputs are called so too. */
  readonly fn: Fn;
  /** The variables that it reads, by place. */
  readonly reads: readonly string[];
  /** The variables that its outputs replace, by place. */
  readonly writes: readonly string[];
  /** Elements of each. */
  readonly size: number;
}

const kinds: ReadonlySet<OpKind> = new Set<OpKind>(['add', 'sub', 'mul', 'div', 'neg', 'exp', 'log', 'sqrt', 'tanh', 'sigmoid']);

/** Null where an element depends on others, or where the variables are small enough to be computed whole. */
export function elementwise(name: string, updates: readonly (readonly [string, Node])[]): Elementwise | null {
  const shape = updates[0][1].shape.map(Number);
  const size = sizeOf(shape);
  const nodes = nodesOf(makeFn(name, Object.fromEntries(updates)));
  if (size < slabElements || !updates.every(([, node]) => isOf(shape)(node)) || !nodes.every(isPlain(shape))) return null;

  const g = new Builder();
  const reads: string[] = [];
  const rebuilt = new Map<Node, Node>();
  for (const node of nodes) rebuilt.set(node, anew(node));
  const fn = makeFn(name, Object.fromEntries(updates.map(([, node], place) => [String(place), rebuilt.get(node)!])));
  return { fn, reads, writes: updates.map(([variable]) => variable), size };

  function anew(node: Node): Node {
    switch (node.kind) {
      case 'variable':
        return g.input(String(reads.push(node.attrs.name) - 1), ['S'], node.dtype);
      case 'input':
        return g.input(node.attrs.name, node.shape, node.dtype);
      case 'constant':
        return g.constant(node.attrs.values, [], node.dtype);
      default:
        return g.op<DerivedKind>(node.kind, node.inputs.map((input) => rebuilt.get(input)!), node.attrs) as Node;
    }
  }
}

/** Functions that compute the same under the same names get one name, `<name>.<i>`, so that they are compiled once. */
export function shared(groups: readonly Elementwise[]): Elementwise[] {
  const known = new Map<string, Fn>();
  return groups.map((group) => {
    const text = printFn(group.fn);
    const fn = known.get(text) ?? { ...group.fn, name: `${group.fn.name}.elementwise.${known.size}` };
    known.set(text, fn);
    return { ...group, fn };
  });
}

const isOf = (shape: readonly number[]) => (node: Node): boolean => node.shape.length === shape.length && node.shape.every((dim, i) => dim === shape[i]);

/** A scalar, or one number for each element of the variables. */
const isPlain = (shape: readonly number[]) => (node: Node): boolean => {
  const real: DType = 'f32';
  if (node.dtype !== real) return false;
  if (node.kind === 'variable') return isOf(shape)(node);
  if (node.kind === 'input' || node.kind === 'constant') return node.shape.length === 0;
  return kinds.has(node.kind) && (node.shape.length === 0 || isOf(shape)(node));
};
