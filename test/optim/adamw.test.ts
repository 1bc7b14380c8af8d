import { describe, expect, it } from 'vitest';
import { referenceEngine } from '../../src/engine/reference/index.js';
import { Builder } from '../../src/graph/builder.js';
import type { Program } from '../../src/graph/node.js';
import { makeFn } from '../../src/graph/program.js';
import { adamwUpdate } from '../../src/optim/adamw.js';
import { clipFactor, gradientNorm } from '../../src/optim/norm.js';
import { f32, scalar } from '../../src/util/tensor.js';
import golden from './golden.json' with { type: 'json' };

const [beta1, beta2] = [0.9, 0.98];

function program(): Program {
  const g = new Builder();
  const w = g.variable('w', [3, 5]);
  const b = g.variable('b', [5]);
  const { fn, state } = adamwUpdate(g, {
    variables: [
      { node: w, decay: true },
      { node: b, decay: false },
    ],
    beta1,
    beta2,
    epsilon: 1e-8,
    weightDecay: 0.1,
  });
  const norm = makeFn('norm', { norm: gradientNorm(g, [g.variable('w.grad', [3, 5]), g.variable('b.grad', [5])]) });
  const trained = [w, b].map(({ attrs: { name }, shape }) => ({ name, dtype: 'f32' as const, shape: shape.map(Number), role: 'trainable' as const }));
  return { variables: [...trained, ...state], functions: { update: fn, norm } };
}

describe('AdamW', () => {
  for (const run of golden.adamw) {
    it(`follows torch.optim.AdamW and clip_grad_norm_ with max_norm ${run.max_norm}`, async () => {
      const start = new Map([['w', run.start.w], ['b', run.start.b]]);
      const executable = await referenceEngine.compile(program(), {
        device: 'cpu',
        threads: 1,
        scratch: '',
        initial: ({ name, shape }) => f32(shape, start.get(name)),
      });
      for (const [i, step] of run.steps.entries()) {
        await executable.write('w.grad', f32([3, 5], step.gradient.w));
        await executable.write('b.grad', f32([5], step.gradient.b));
        const { norm } = await executable.run('norm', {});
        expect(norm.data[0] / step.norm).toBeCloseTo(1, 6);
        await executable.run('update', {
          learning_rate: scalar(step.learning_rate),
          clip: scalar(clipFactor(norm.data[0], run.max_norm)),
          bias_correction1: scalar(1 - beta1 ** (i + 1)),
          bias_correction2: scalar(1 - beta2 ** (i + 1)),
        });
        expectClose((await executable.read('w')).data, step.w);
        expectClose((await executable.read('b')).data, step.b);
        expectClose((await executable.read('w.exp_avg_sq')).data, step.exp_avg_sq);
        expect([...(await executable.read('w.grad')).data]).toEqual(new Array(15).fill(0));
      }
    });
  }
});

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  const scale = Math.max(...expected.map(Math.abs));
  expected.forEach((value, i) => expect(Math.abs(actual[i] - value) / scale).toBeLessThan(5e-7));
}
