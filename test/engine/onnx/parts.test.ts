import { expect, test } from 'vitest';
import { planOf } from '../../../src/engine/onnx/parts.js';
import { slabElements } from '../../../src/engine/onnx/slabs.js';
import { Builder } from '../../../src/graph/builder.js';
import { makeFn, nodesOf } from '../../../src/graph/program.js';
import { adamwUpdate } from '../../../src/optim/adamw.js';

const large = [4096, 4096]; // as much as a part holds

test('an optimizer’s update is run by slabs where variables are large, together where they are small, and clears gradients without a session', () => {
  const g = new Builder();
  const shapes = { a: large, b: [2048, 1024], small: [3], tiny: [1] };
  const variables = Object.entries(shapes).map(([name, shape]) => ({ node: g.variable(name, shape), decay: true }));
  const { fn } = adamwUpdate(g, { variables, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1 });
  const { parts, fills, slabs } = planOf(fn);

  expect(slabs.map(({ writes: [{ variable, start }] }) => [variable.split('.')[0], start / slabElements])).toEqual([...Array.from({ length: 16 }, (_, i) => ['a', i]), ['b', 0], ['b', 1]]);
  expect(slabs[0].writes.map(({ variable }) => variable).sort()).toEqual(['a', 'a.exp_avg', 'a.exp_avg_sq']);
  expect(new Set(slabs.map((slab) => slab.fn)).size).toBe(1); // one function serves all
  expect(parts.map((part) => Object.keys(part.updates).sort())).toEqual([['small', 'small.exp_avg', 'small.exp_avg_sq', 'tiny', 'tiny.exp_avg', 'tiny.exp_avg_sq']]);
  expect(new Set(parts.map(({ name }) => name)).size).toBe(parts.length);
  expect([...fills]).toEqual(Object.keys(shapes).map((name) => [`${name}.grad`, 0]));
});

test('what shares a computed tensor stays together', () => {
  const g = new Builder();
  const shared = g.softmax(g.variable('a', large));
  const { parts } = planOf(makeFn('f', {}, { a: g.add(shared, 1), c: g.softmax(g.variable('d', large)), b: g.mul(shared, 2) }));
  expect(parts.map((part) => Object.keys(part.updates).sort())).toEqual([['a', 'b'], ['c']]);
});

test('what is added to a variable is computed alone', () => {
  const g = new Builder();
  const [v, x] = [g.variable('v', [4]), g.input('x', [4])];
  const { parts, sums } = planOf(makeFn('f', { y: g.add(x, 1) }, { v: g.add(v, g.mul(x, 2)) }));
  expect([...sums]).toEqual(['v']);
  expect(nodesOf(parts[0]).some(({ kind }) => kind === 'variable')).toBe(false);
});

test('what reads another’s old value does not take turns with it', () => {
  const g = new Builder();
  const [a, b] = ['a', 'b'].map((name) => g.variable(name, large));
  expect(planOf(makeFn('f', {}, { a: g.add(b, 1), b: g.mul(a, 2) }))).toMatchObject({ inTurn: false, parts: { length: 2 }, slabs: [] });
});

test('what a sum reads is not changed by slabs before it', () => {
  const g = new Builder();
  const [w, m] = ['w', 'm'].map((name) => g.variable(name, large));
  expect(planOf(makeFn('f', {}, { w: g.add(w, m), m: g.mul(m, 0.5) }))).toMatchObject({ inTurn: false, parts: { length: 2 }, slabs: [], sums: new Set(['w']) });
});

test('a function with outputs is one part', () => {
  const g = new Builder();
  const [a, b] = ['a', 'b'].map((name) => g.variable(name, large));
  expect(planOf(makeFn('f', { sum: g.add(a, b) }, { a: g.add(a, 1), b: g.add(b, 1) })).parts).toHaveLength(1);
});
