/**
 * Updates that are computed by slabs of a variable's elements, each from the same elements of other variables: an optimizer's,
 * however large its variables. A slab's results are written where the old values were, so that nothing is in memory twice, and
 * slabs that are computed alike share one compiled function.
 */
import { Builder } from '../../graph/builder.js';
import type { Fn, Node, NodeOf, OpKind } from '../../graph/node.js';
import { printFn } from '../../graph/print.js';
import { makeFn, nodesOf } from '../../graph/program.js';
import type { DerivedKind } from '../../graph/shapes.js';
import { sizeOf } from '../../util/tensor.js';

/** Elements of a slab: its values and those on the way stay near the processor, and a run's own cost is small beside them. */
export const slabElements = 1 << 20;

/** Some elements of a variable, in its own memory. */
export interface Stretch {
  readonly variable: string;
  readonly start: number;
  readonly shape: readonly number[];
}

export interface Slab {
  /** Of the stretches that it reads, called `0`, `1`, …, and the scalars that the update was given; its outputs are called so too. */
  readonly fn: Fn;
  readonly reads: readonly Stretch[];
  readonly writes: readonly Stretch[];
}

type Updates = readonly (readonly [string, Node])[];

/** Null where an element depends on those of other slabs, or where the variables are small enough to be computed whole. */
export function slabsOf(name: string, updates: Updates): Slab[] | null {
  if (Math.max(...updates.map(([, { shape }]) => sizeOf(shape.map(Number)))) < slabElements) return null;
  return elementwise(name, updates) ?? inPieces(name, updates);
}

/** Functions that compute the same under the same names become one, `<name>.slab.<i>`, so that they are compiled once. */
export function shared(slabs: readonly Slab[]): Slab[] {
  const named = new Map<Fn, Fn>();
  const known = new Map<string, Fn>();
  return slabs.map((slab) => {
    const fn = named.get(slab.fn) ?? known.get(printFn(slab.fn)) ?? { ...slab.fn, name: `${slab.fn.name}.slab.${known.size}` };
    if (!named.has(slab.fn)) known.set(printFn(slab.fn), fn);
    named.set(slab.fn, fn);
    return { ...slab, fn };
  });
}

const elementwiseKinds: ReadonlySet<OpKind> = new Set<OpKind>(['add', 'sub', 'mul', 'div', 'neg', 'exp', 'log', 'sqrt', 'tanh', 'sigmoid']);

/** Every element is made of scalars and of the same element of variables of one shape: one function of any length [S]. */
function elementwise(name: string, updates: Updates): Slab[] | null {
  const shape = updates[0][1].shape.map(Number);
  const size = sizeOf(shape);
  const isWhole = (node: Node): boolean => node.shape.length === shape.length && node.shape.every((dim, i) => dim === shape[i]);
  const isPlain = (node: Node): boolean => {
    if (node.dtype !== 'f32' || !(isWhole(node) || node.shape.length === 0)) return false;
    return node.kind === 'variable' ? isWhole(node) : node.kind === 'input' || node.kind === 'constant' ? node.shape.length === 0 : elementwiseKinds.has(node.kind);
  };
  if (!updates.every(([, node]) => isWhole(node)) || !nodesOf(makeFn(name, Object.fromEntries(updates))).every(isPlain)) return null;

  const g = new Builder();
  const reads: string[] = [];
  const rebuild = rebuilder(g, (node) => (node.kind === 'variable' ? g.input(String(reads.push(node.attrs.name) - 1), ['S']) : null));
  const fn = makeFn(name, Object.fromEntries(updates.map(([, node], place) => [String(place), rebuild(node)])));
  return Array.from({ length: Math.ceil(size / slabElements) }, (_, i) => {
    const start = i * slabElements;
    const stretch = (variable: string): Stretch => ({ variable, start, shape: [Math.min(size - start, slabElements)] });
    return { fn, reads: reads.map(stretch), writes: updates.map(([variable]) => stretch(variable)) };
  });
}

/** Every value is its pieces, joined, and a piece is made of stretches of variables that lie where it does. */
function inPieces(name: string, updates: Updates): Slab[] | null {
  const joined = updates.map(([, node]) => piecesOf(node));
  const count = joined[0].length;
  if (joined.some((pieces) => pieces.length !== count)) return null;
  const ends = updates.map(() => 0);
  const slabs = Array.from({ length: count }, (_, i) => slabOf(name, updates.map(([variable], place) => {
    const node = joined[place][i];
    const [shape, start] = [node.shape.map(Number), ends[place]];
    ends[place] += sizeOf(shape);
    return { node, stretch: { variable, start, shape } };
  })));
  return slabs.every((slab) => slab !== null) ? slabs : null;
}

function slabOf(name: string, pieces: readonly { readonly node: Node; readonly stretch: Stretch }[]): Slab | null {
  const g = new Builder();
  const reads: Stretch[] = [];
  let isCut = true;
  const rebuild = rebuilder(g, (node) => {
    const stretch = stretchOf(node);
    if (stretch !== null) return g.input(String(reads.push(stretch) - 1), stretch.shape, node.dtype);
    if (node.kind === 'variable') isCut = false;
    return null;
  });
  const fn = makeFn(name, Object.fromEntries(pieces.map(({ node }, place) => [String(place), rebuild(node)])));
  const writes = pieces.map(({ stretch }) => stretch);
  const areOwn = reads.every((read) => writes.every((write) => read.variable !== write.variable || (read.start === write.start && sizeOf(read.shape) === sizeOf(write.shape))));
  return isCut && areOwn ? { fn, reads, writes } : null;
}

function piecesOf(node: Node): readonly Node[] {
  const whole = node.kind === 'reshape' ? node.inputs[0] : node;
  return whole.kind === 'concat' && whole.attrs.axis === 0 ? whole.inputs : [whole];
}

/** A slice of a variable along its first axis. */
function stretchOf(node: Node): Stretch | null {
  if (node.kind !== 'slice' || node.attrs.axis !== 0) return null;
  const [source] = node.inputs;
  const variable: Node = source.kind === 'reshape' ? source.inputs[0] : source;
  if (variable.kind !== 'variable') return null;
  return { variable: variable.attrs.name, start: node.attrs.start * sizeOf(source.shape.slice(1).map(Number)), shape: node.shape.map(Number) };
}

/** Builds a graph anew where `replace` gives nothing in place of a node. */
function rebuilder(g: Builder, replace: (node: Node) => NodeOf<'input'> | null): (node: Node) => Node {
  const known = new Map<Node, Node>();
  return rebuilt;

  function anew(node: Node): Node {
    switch (node.kind) {
      case 'input':
        return g.input(node.attrs.name, node.shape, node.dtype);
      case 'variable':
        return g.variable(node.attrs.name, node.shape.map(Number), node.dtype);
      case 'constant':
        return g.constant(node.attrs.values, node.shape.map(Number), node.dtype);
      default:
        return g.op<DerivedKind>(node.kind, node.inputs.map(rebuilt), node.attrs) as Node;
    }
  }

  function rebuilt(node: Node): Node {
    const found = known.get(node) ?? replace(node) ?? anew(node);
    known.set(node, found);
    return found;
  }
}
