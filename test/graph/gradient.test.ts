import { describe, expect, it } from 'vitest';
import { Builder } from '../../src/graph/builder.js';
import { gradient } from '../../src/graph/gradient.js';
import type { Fn, Node, NodeOf, OpKind } from '../../src/graph/node.js';
import { makeFn, nodesOf } from '../../src/graph/program.js';

const total = (g: Builder, x: Node): Node => g.sum(x, x.shape.map((_, axis) => axis));
const kindsOf = (fn: Fn): OpKind[] => nodesOf(fn).map((node) => node.kind);
const count = (fn: Fn, kind: OpKind): number => kindsOf(fn).filter((found) => found === kind).length;

/** `depth` linears, one on the other. */
function tower(g: Builder, depth: number): { loss: Node; weights: NodeOf<'variable'>[] } {
  const weights = Array.from({ length: depth }, (_, layer) => g.variable(`w${layer}`, [5, 5]));
  const top = weights.reduce<Node>((x, w) => g.op('tanh', [g.linear(x, w)], {}), g.input('x', ['B', 5]));
  return { loss: total(g, top), weights };
}

describe('gradient', () => {
  it('computes nothing below the lowest trainable variable', () => {
    const sizeFor = (layer: number): number => {
      const g = new Builder();
      const { loss, weights } = tower(g, 6);
      const gradients = gradient(g, loss, [weights[layer]]);
      return nodesOf(makeFn('f', Object.fromEntries([...gradients].map(([w, node]) => [w.attrs.name, node])))).length;
    };
    // A layer further down costs its own way through a linear and a tanh each time; the top one no more than itself.
    const sizes = [0, 1, 2, 3, 4, 5].map(sizeFor);
    for (let layer = 1; layer < sizes.length; layer++) expect(sizes[layer]).toBeLessThan(sizes[layer - 1]);
  });

  it('needs one product for a frozen linear and two for a trained one', () => {
    const g = new Builder();
    const { loss, weights } = tower(g, 4);
    const forward = count(makeFn('f', { loss }), 'linear');
    const top = makeFn('f', { loss, d: gradient(g, loss, [weights[3]]).get(weights[3])! });
    expect(count(top, 'linear')).toBe(forward); // no dx at all
    expect(count(top, 'matmul')).toBe(1);
    const bottom = makeFn('f', { loss, d: gradient(g, loss, [weights[0]]).get(weights[0])! });
    expect(count(bottom, 'linear')).toBe(forward + 3);
    expect(count(bottom, 'matmul')).toBe(1);
  });

  it('reads a weight the other way round and never transposes it', () => {
    const g = new Builder();
    const { loss, weights } = tower(g, 3);
    expect(kindsOf(makeFn('f', { d: gradient(g, loss, [weights[0]]).get(weights[0])! }))).not.toContain('transpose');
  });

  it('gives slices that tile a value back as one concat', () => {
    const g = new Builder();
    const w = g.variable('w', [4, 15]);
    const qkv = g.linear(g.input('x', ['B', 4]), w);
    const [q, k, v] = [g.slice(qkv, 1, 0, 5), g.slice(qkv, 1, 5, 10), g.slice(qkv, 1, 10, 15)];
    const loss = total(g, g.mul(v, g.mul(k, q)));
    const fn = makeFn('f', { d: gradient(g, loss, [w]).get(w)! });
    expect(count(fn, 'concat')).toBe(1);
    expect(count(fn, 'pad')).toBe(0);
  });

  it('shares the logits of the head between its two gradients, and makes no one-hot', () => {
    const g = new Builder();
    const [w, table] = [g.variable('w', [11, 4]), g.variable('table', [11, 4])];
    const x = g.gatherRows(table, g.input('ids', ['N'], 'i32'));
    const loss = total(g, g.op('linearCrossEntropy', [x, w, g.input('labels', ['N'], 'i32')], {}));
    const gradients = gradient(g, loss, [w, table]);
    const fn = makeFn('f', { dw: gradients.get(w)!, dTable: gradients.get(table)! });
    expect(count(fn, 'softmax')).toBe(1);
    expect(nodesOf(fn).filter((node) => node.shape.join() === 'N,11').map((node) => node.kind)).toEqual(['linear', 'softmax']);
  });

  it('gives zeros for what the loss does not depend on', () => {
    const g = new Builder();
    const { loss } = tower(g, 1);
    const stranger = g.variable('stranger', [3]);
    expect(gradient(g, loss, [stranger]).get(stranger)).toBe(g.broadcast(g.constant(0), [3]));
  });

  it('refuses a loss that is no scalar', () => {
    const g = new Builder();
    expect(() => gradient(g, g.input('x', ['B']), [])).toThrow('a loss f32 [B] given');
  });
});
