/**
 * Reverse-mode differentiation as a graph pass: it adds nodes to the graph and runs nothing. What the forward
 * pass has already is shared, because the builder gives the same node for the same op.
 */
import type { Builder } from './builder.js';
import { printShape, sameShape } from './dims.js';
import { gradientRules } from './gradient/rules.js';
import type { InputGradients, Rule } from './gradient/rule.js';
import { isReal, type Node, type NodeOf, type OpKind } from './node.js';
import { Recomputation, type BlockOf } from './recompute.js';
import { topological } from './walk.js';

/**
 * d loss / d node for each of `wrt`, in the node's shape; `loss` is an f32 scalar. Only what lies between
 * `loss` and a member of `wrt` is built, so nothing is computed below the lowest of them. A member that
 * the loss does not depend on gets zeros. With `recompute`, blocks are computed again for their gradient (recompute.ts).
 */
export function gradient<N extends Node>(g: Builder, loss: Node, wrt: readonly N[], options: GradientOptions = {}): Map<N, Node> {
  if (loss.dtype !== 'f32' || loss.shape.length > 0) throw new Error(`the gradient of an f32 scalar wanted, a loss ${loss.dtype} ${printShape(loss.shape)} given`);
  return gradientThrough(g, new Map([[loss, g.constant(1)]]), wrt, options);
}

export interface GradientOptions {
  readonly recompute?: BlockOf;
  /** Nodes that stand for themselves: nothing goes through them to what they are made of. */
  readonly until?: readonly Node[];
}

/** The same from the middle of the way: `slopes` are d loss / d node of nodes by which all of the loss depends on `wrt`. */
export function gradientThrough<N extends Node>(g: Builder, slopes: ReadonlyMap<Node, Node>, wrt: readonly N[], { recompute, until = [] }: GradientOptions = {}): Map<N, Node> {
  const order = topological(slopes.keys());
  const needed = dependents(order, wrt);
  const contributions = new Map<Node, Node[]>([...slopes].map(([node, slope]) => [node, [slope]]));
  const ends = new Set(until);
  const totals = new Map<Node, Node>();
  const again = recompute === undefined ? null : new Recomputation(g, order, recompute);

  for (const node of order.toReversed()) {
    const parts = contributions.get(node);
    if (parts === undefined || !needed.has(node)) continue;
    const dy = total(g, parts);
    totals.set(node, dy);
    if (ends.has(node)) continue;
    inputGradients(g, again?.read(node, dy) ?? node, dy).forEach((build, i) => {
      const input = node.inputs[i];
      if (build === null || !needed.has(input)) return;
      const part = unbroadcast(g, build(), input);
      const known = contributions.get(input);
      if (known === undefined) contributions.set(input, [part]);
      else known.push(part);
    });
  }
  return new Map(wrt.map((node) => [node, totals.get(node) ?? g.broadcast(g.constant(0, [], node.dtype), node.shape)]));
}

/** The real-valued nodes that change when a member of `wrt` does. */
function dependents(order: readonly Node[], wrt: readonly Node[]): Set<Node> {
  const found = new Set<Node>(wrt);
  for (const node of order) {
    if (isReal(node.dtype) && node.inputs.some((input) => found.has(input))) found.add(node);
  }
  return found;
}

function inputGradients<K extends OpKind>(g: Builder, node: NodeOf<K>, dy: Node): InputGradients {
  const rule: Rule<K> | null = gradientRules[node.kind];
  return rule === null ? [] : rule(g, node, dy);
}

/** The sum of the contributions of a node's users. Slices that tile the node come back as one concat, not as padded sums. */
function total(g: Builder, parts: readonly Node[]): Node {
  const pads = parts.filter((part): part is NodeOf<'pad'> => part.kind === 'pad');
  const tiled = new Set<Node>();
  const sums: Node[] = [];
  for (const axis of new Set(pads.map((pad) => pad.attrs.axis))) {
    const pieces = pads.filter((pad) => pad.attrs.axis === axis).sort((a, b) => a.attrs.before - b.attrs.before);
    if (!tiles(pieces, axis)) continue;
    for (const piece of pieces) tiled.add(piece);
    sums.push(g.concat(pieces.map((piece) => piece.inputs[0]), axis));
  }
  return [...sums, ...together(g, parts.filter((part) => !tiled.has(part)))].reduce((sum, part) => g.add(sum, part));
}

/** What is scattered over rows of one and the same table is scattered at once. */
function together(g: Builder, parts: readonly Node[]): Node[] {
  const scatters = parts.filter((part): part is NodeOf<'scatterRows'> => part.kind === 'scatterRows');
  if (scatters.length < 2) return [...parts];
  const [rows, values] = [0, 1].map((i) => g.concat(scatters.map(({ inputs }) => inputs[i]), 0));
  const others = parts.filter((part) => part.kind !== 'scatterRows');
  return [...others, g.op('scatterRows', [rows, values], scatters[0].attrs)];
}

/** Whether pieces sorted by their start follow each other without gap or overlap from one end to the other. */
function tiles(pieces: readonly NodeOf<'pad'>[], axis: number): boolean {
  let end = 0;
  for (const { attrs, inputs } of pieces) {
    const length = inputs[0].shape[axis];
    if (attrs.before !== end || typeof length !== 'number') return false;
    end += length;
  }
  return pieces.at(-1)?.attrs.after === 0;
}

/** A contribution in the shape and type of the input it is for: summed, in f32, over the axes along which NumPy broadcasting stretched it. */
function unbroadcast(g: Builder, dy: Node, { shape, dtype }: Node): Node {
  if (sameShape(dy.shape, shape)) return g.cast(dy, dtype);
  const lead = dy.shape.length - shape.length;
  const stretched = dy.shape.flatMap((dim, axis) => (axis < lead || shape[axis - lead] !== dim ? [axis] : []));
  return g.cast(g.reshape(g.sum(g.cast(dy, 'f32'), stretched, true), shape), dtype);
}
