import { describe, expect, it } from 'vitest';
import { Builder } from '../../src/graph/builder.js';
import { cost } from '../../src/graph/cost.js';
import { makeFn } from '../../src/graph/program.js';

describe('cost', () => {
  it('counts two operations a term of a product', () => {
    const g = new Builder();
    const y = g.linear(g.input('x', ['B', 'T', 7]), g.variable('w', [7, 5]));
    expect(cost(makeFn('f', { y }), { B: 2, T: 3 }).flops).toBe(2 * 2 * 3 * 7 * 5);
    const z = g.matmul(g.input('a', ['B', 7, 'T']), g.input('b', ['B', 7, 11]), { transposeA: true });
    expect(cost(makeFn('f', { z }), { B: 2, T: 3 }).flops).toBe(2 * 2 * 3 * 7 * 11);
  });

  it('frees a value after its last use', () => {
    const g = new Builder();
    let x = g.neg(g.input('x', ['N']));
    for (let i = 0; i < 10; i++) x = g.op('tanh', [x], {});
    // the input, and at each op what it reads and what it writes
    expect(cost(makeFn('f', { x }), { N: 100 }).peakBytes).toBe(4 * 3 * 100);
  });

  it('keeps what is used again', () => {
    const g = new Builder();
    const x = g.neg(g.input('x', ['N']));
    const y = g.op('tanh', [g.op('exp', [x], {})], {});
    // input, x, exp, tanh; then input, x, tanh, sum
    expect(cost(makeFn('f', { sum: g.add(x, y) }), { N: 100 }).peakBytes).toBe(4 * 4 * 100);
  });

  it('counts results for the whole call, variables never, and a reshape as a name', () => {
    const g = new Builder();
    const w = g.variable('w', [100]);
    const first = g.neg(w);
    const second = g.op('exp', [first], {});
    expect(cost(makeFn('f', { first, second }), {}).peakBytes).toBe(4 * 200);
    expect(cost(makeFn('f', { sum: g.sum(g.reshape(first, [10, 10]), [0, 1]) }), {}).peakBytes).toBe(4 * 101);
  });

  it('knows the logits inside the fused head and loss, and their softmax', () => {
    const g = new Builder();
    const loss = g.op('linearCrossEntropy', [g.input('x', ['N', 4]), g.variable('w', [1000, 4]), g.input('labels', ['N'], 'i32')], {});
    expect(cost(makeFn('f', { loss }), { N: 10 }).peakBytes).toBe(4 * (10 * 4 + 10 + 10 + 2 * 10 * 1000));
  });
});
