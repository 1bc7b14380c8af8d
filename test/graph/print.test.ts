import { expect, it } from 'vitest';
import { Builder } from '../../src/graph/builder.js';
import { gradient } from '../../src/graph/gradient.js';
import { printFn } from '../../src/graph/print.js';
import { makeFn } from '../../src/graph/program.js';

it('prints a training step, a line a node', () => {
  const g = new Builder();
  const hidden = g.gatherRows(g.variable('wte', [11, 4]), g.input('ids', ['N'], 'i32'));
  const w = g.variable('w', [6, 4]);
  const y = g.slice(g.linear(hidden, w, { transposeW: true }), 1, 0, 3);
  const loss = g.sum(g.mul(g.sub(y, g.constant([1, 2, 3], [3])), 0.5), [0, 1]);
  const step = makeFn('step', { loss }, { 'w.grad': g.add(g.variable('w.grad', [6, 4]), gradient(g, loss, [w]).get(w)!) });
  expect(printFn(step)).toMatchInlineSnapshot(`
    "step(ids: i32 [N])
      %0 = gatherRows(wte, ids) : f32 [N, 4]
      %1 = linear(%0, w) {transposeW} : f32 [N, 6]
      %2 = slice(%1) {axis: 1, start: 0, end: 3} : f32 [N, 3]
      %3 = sub(%2, [1, 2, 3]) : f32 [N, 3]
      %4 = mul(%3, 0.5) : f32 [N, 3]
      %5 = reduceSum(%4) {axes: [0, 1]} : f32 []
      %6 = reshape(1) : f32 [1, 1]
      %7 = broadcast(%6) : f32 [N, 3]
      %8 = mul(%7, 0.5) : f32 [N, 3]
      %9 = pad(%8) {axis: 1, before: 0, after: 3} : f32 [N, 6]
      %10 = matmul(%9, %0) {transposeA} : f32 [6, 4]
      %11 = add(w.grad, %10) : f32 [6, 4]
      return loss = %5
      w.grad := %11"
  `);
});
