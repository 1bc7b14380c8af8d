import { sameShape } from '../../graph/dims.js';
import type { Fn, Node } from '../../graph/node.js';
import { makeFn, nodesOf } from '../../graph/program.js';
import { sizeOf } from '../../util/tensor.js';
import { shared, slabsOf, type Slab } from './slabs.js';

/** What a function comes to: runs of sessions, and constants. */
export interface Plan {
  /** The one that needs the most memory first. */
  readonly parts: readonly Fn[];
  /** No part reads what another updates: each may take effect before the next runs, so that only one part's variables are in memory twice. */
  readonly inTurn: boolean;
  /** What is computed by slabs, the largest variables' first. */
  readonly slabs: readonly Slab[];
  /** Updates of the parts that are to be added to what the variable holds: the parts compute only what is added. */
  readonly sums: ReadonlySet<string>;
  /** Variables whose every element becomes one number, such as a gradient that has been used. */
  readonly fills: ReadonlyMap<string, number>;
}

/** Updates by their variables. */
type Group = [string, Node][];

/** Elements of new values that one part computes, unless one value alone has more. */
const PART_ELEMENTS = 1 << 24;

/**
 * An optimizer's update computes each variable apart from the others. Run as one, it would hold the
 * intermediate values of all of them; in parts it holds those of a few. Values that share computed tensors
 * stay together, so nothing but scalars is computed twice.
 */
export function planOf(fn: Fn): Plan {
  const fills = new Map<string, number>();
  const sums = new Set<string>();
  const computed: [string, Node][] = [];
  for (const [name, node] of Object.entries(fn.updates)) {
    const value = filling(node);
    const added = addedTo(name, node);
    if (value !== null) {
      fills.set(name, value);
    } else if (added !== null) {
      sums.add(name);
      computed.push([name, added]);
    } else {
      computed.push([name, node]);
    }
  }
  const hasOutputs = Object.keys(fn.outputs).length > 0;
  const groups = hasOutputs ? [computed] : components(computed);
  const alone = hasOutputs ? [] : apart(groups).filter((group) => group.every(([name]) => !sums.has(name)));
  const bySlab = new Map(alone.map((group) => [group, slabsOf(fn.name, group)]));
  const together = groups.filter((group) => (bySlab.get(group) ?? null) === null);
  const parts = (hasOutputs ? together : packed(together)).toReversed().map((group, i) => makeFn(i === 0 ? fn.name : `${fn.name}.${i}`, fn.outputs, Object.fromEntries(group)));
  const slabs = [...bySlab.values()].filter((group) => group !== null).sort((a, b) => b.length - a.length);
  return { parts, inTurn: parts.length > 1 && areApart(parts), slabs: shared(slabs.flat()), sums, fills };
}

/** The groups that read nothing that another updates, and update nothing that another reads. */
function apart(groups: readonly Group[]): Group[] {
  const updatedBy = new Map(groups.flatMap((group) => group.map(([name]) => [name, group])));
  const tied = new Set<Group>();
  for (const group of groups) {
    for (const node of nodesOf(makeFn('', {}, Object.fromEntries(group)))) {
      const other = node.kind === 'variable' ? updatedBy.get(node.attrs.name) : undefined;
      if (other !== undefined && other !== group) tied.add(group).add(other);
    }
  }
  return groups.filter((group) => !tied.has(group));
}

/** y of `v ← v + y`. */
function addedTo(name: string, node: Node): Node | null {
  if (node.kind !== 'add' || node.dtype !== 'f32') return null;
  const [old, added] = node.inputs;
  return old.kind === 'variable' && old.attrs.name === name && sameShape(added.shape, old.shape) ? added : null;
}

function areApart(parts: readonly Fn[]): boolean {
  const updatedBy = new Map(parts.flatMap((part) => Object.keys(part.updates).map((name) => [name, part])));
  return parts.every((part) => nodesOf(part).every((node) => node.kind !== 'variable' || (updatedBy.get(node.attrs.name) ?? part) === part));
}

function filling(node: Node): number | null {
  const [source] = node.kind === 'broadcast' ? node.inputs : [node];
  return source.kind === 'constant' && source.attrs.values.length === 1 ? source.attrs.values[0] : null;
}

/** Updates that share a computed tensor, together. */
function components(updates: readonly [string, Node][]): Group[] {
  const found = new Set<Group>();
  const groupOf = new Map<Node, Group>();
  for (const [name, target] of updates) {
    const tensors = nodesOf(makeFn(name, { target })).filter(isComputedTensor);
    const group: Group = [[name, target]];
    for (const other of new Set(tensors.flatMap((node) => (groupOf.has(node) ? [groupOf.get(node)!] : [])))) {
      group.push(...other);
      found.delete(other);
    }
    found.add(group);
    for (const [, member] of group) for (const node of nodesOf(makeFn(name, { member })).filter(isComputedTensor)) groupOf.set(node, group);
  }
  return [...found];
}

function isComputedTensor(node: Node): boolean {
  return node.inputs.length > 0 && node.shape.some((dim) => dim !== 1) && filling(node) === null;
}

/** Groups in few lists, each of at most PART_ELEMENTS or of one group, the largest last. */
function packed(groups: Group[]): Group[] {
  const size = (group: Group): number => group.reduce((sum, [, { shape }]) => sum + sizeOf(shape.map(Number)), 0);
  const lists: Group[] = [];
  for (const group of groups.sort((a, b) => size(a) - size(b))) {
    const last = lists.at(-1);
    if (last === undefined || size(last) + size(group) > PART_ELEMENTS) lists.push(group);
    else last.push(...group);
  }
  return lists;
}
