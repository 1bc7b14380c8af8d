import { describe, expect, it } from 'vitest';
import { Builder } from '../../src/graph/builder.js';
import { makeFn, nodesOf } from '../../src/graph/program.js';
import { rewrite, topological } from '../../src/graph/walk.js';

describe('topological', () => {
  it('gives inputs before users and leaves dead nodes out', () => {
    const g = new Builder();
    const x = g.input('x', [3]);
    const dead = g.neg(x);
    const y = g.add(g.square(x), 1);
    const order = topological([y]);
    expect(order).not.toContain(dead);
    for (const [i, node] of order.entries()) for (const input of node.inputs) expect(order.indexOf(input)).toBeLessThan(i);
  });

  it('walks graphs deeper than a call stack', () => {
    const g = new Builder();
    let x = g.add(g.input('x', []), 0);
    for (let i = 0; i < 20_000; i++) x = g.neg(x);
    expect(topological([x])).toHaveLength(20_003);
  });
});

describe('rewrite', () => {
  it('replaces nodes and rebuilds their users, and shares what it leaves alone', () => {
    const g = new Builder();
    const x = g.input('x', ['B', 3]);
    const below = g.neg(x);
    const y = g.linear(below, g.variable('w', [3, 5]));
    const top = g.softmax(y);
    const map = rewrite(g, [top], (node, [input]) => (node === y ? g.linear(input, g.variable('other', [3, 5])) : null));
    expect(map.get(below)).toBe(below);
    expect(map.get(top)).toBe(g.softmax(g.linear(below, g.variable('other', [3, 5]))));
  });
});

describe('makeFn', () => {
  it('takes the inputs that its results need and no others', () => {
    const g = new Builder();
    const [x, y] = [g.input('x', [3]), g.input('y', [3])];
    g.add(x, y);
    const fn = makeFn('f', { result: g.neg(x) }, { v: g.square(x) });
    expect(fn.inputs).toEqual([x]);
    expect(nodesOf(fn)).toHaveLength(3);
  });
});
