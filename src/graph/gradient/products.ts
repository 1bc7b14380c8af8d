import { rowCount } from '../shapes.js';
import type { Rules } from './rule.js';

export const productRules: Rules<'linear' | 'linearQuantized' | 'matmul'> = {
  // y = x·w + b: dx = dy·wᵀ by the same weight read the other way round, dw = xᵀ·dy over all rows, db = dy
  linear: (g, { inputs: [x, w], attrs: { transposeW } }, dy) => [
    () => g.linear(dy, w, { transposeW: !transposeW }), // [..., O] → [..., I]
    () => {
      const rows = g.reshape(x, [rowCount(x.shape), x.shape.at(-1)!]); //    [N, I]
      const rowsDy = g.reshape(dy, [rowCount(x.shape), dy.shape.at(-1)!]); // [N, O]
      return transposeW ? g.matmul(rowsDy, rows, { transposeA: true }) : g.matmul(rows, rowsDy, { transposeA: true });
    },
    () => dy,
  ],
  // the same; codes do not learn
  linearQuantized: (g, { inputs: [, codes, scale, zero], attrs }, dy) => [
    () => g.op('linearQuantized', [dy, codes, scale, zero], { ...attrs, transposeW: !attrs.transposeW }),
    null,
    null,
    null,
    () => dy,
  ],
  // y = a·b: da = dy·bᵀ, db = aᵀ·dy; where a or b was read transposed, so is what comes back
  matmul: (g, { inputs: [a, b], attrs: { transposeA, transposeB } }, dy) => [
    () => (transposeA ? g.matmul(b, dy, { transposeA: transposeB, transposeB: true }) : g.matmul(dy, b, { transposeB: !transposeB })),
    () => (transposeB ? g.matmul(dy, a, { transposeA: true, transposeB: transposeA }) : g.matmul(a, dy, { transposeA: !transposeA })),
  ],
};
