import { expect, test } from 'vitest';
import { schedule } from '../../../src/engine/tfjs/schedule.js';
import { Builder } from '../../../src/graph/builder.js';
import { makeFn } from '../../../src/graph/program.js';

test('a value is dead after its last reader, a result never', () => {
  const g = new Builder();
  const x = g.input('x', [2]);
  const squared = g.square(x);
  const kept = g.neg(squared);
  const last = g.add(squared, kept);
  const steps = schedule(makeFn('f', { last }, { v: kept }));
  expect(steps.map(({ node, dead }) => [node.kind, dead.map(({ kind }) => kind)])).toEqual([
    ['input', []],
    ['mul', ['input']],
    ['neg', []],
    ['add', ['mul']],
  ]);
});
