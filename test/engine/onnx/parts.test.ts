import { expect, test } from 'vitest';
import { planOf } from '../../../src/engine/onnx/parts.js';
import { Builder } from '../../../src/graph/builder.js';
import { makeFn } from '../../../src/graph/program.js';
import { adamwUpdate } from '../../../src/optim/adamw.js';

const large = [4096, 4096]; // as much as a part holds

test('an optimizer’s update is run a few variables at a time, and clears gradients without a session', () => {
  const g = new Builder();
  const shapes = { a: large, b: large, small: [3], tiny: [1] };
  const variables = Object.entries(shapes).map(([name, shape]) => ({ node: g.variable(name, shape), decay: true }));
  const { fn } = adamwUpdate(g, { variables, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1 });
  const { parts, fills, inTurn } = planOf(fn);

  expect(parts.map((part) => Object.keys(part.updates).sort())).toEqual([
    ['b', 'b.exp_avg', 'b.exp_avg_sq'],
    ['a', 'a.exp_avg', 'a.exp_avg_sq'],
    ['small', 'small.exp_avg', 'small.exp_avg_sq', 'tiny', 'tiny.exp_avg', 'tiny.exp_avg_sq'],
  ]);
  expect(inTurn).toBe(true);
  expect(new Set(parts.map(({ name }) => name)).size).toBe(parts.length);
  expect([...fills]).toEqual(Object.keys(shapes).map((name) => [`${name}.grad`, 0]));
});

test('what shares a computed tensor stays together', () => {
  const g = new Builder();
  const shared = g.square(g.variable('a', large));
  const { parts } = planOf(makeFn('f', {}, { a: g.add(shared, 1), c: g.variable('d', large), b: g.mul(shared, 2) }));
  expect(parts.map((part) => Object.keys(part.updates).sort())).toEqual([['a', 'b'], ['c']]);
});

test('what reads another’s old value does not take turns with it', () => {
  const g = new Builder();
  const [a, b] = ['a', 'b'].map((name) => g.variable(name, large));
  expect(planOf(makeFn('f', {}, { a: g.add(b, 1), b: g.mul(a, 2) }))).toMatchObject({ inTurn: false, parts: { length: 2 } });
});

test('a function with outputs is one part', () => {
  const g = new Builder();
  const [a, b] = ['a', 'b'].map((name) => g.variable(name, large));
  expect(planOf(makeFn('f', { sum: g.add(a, b) }, { a: g.add(a, 1), b: g.add(b, 1) })).parts).toHaveLength(1);
});
