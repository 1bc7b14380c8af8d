import type { Builder } from '../graph/builder.js';
import type { Fn, Node, NodeOf, Variable } from '../graph/node.js';
import { makeFn } from '../graph/program.js';

export interface AdamwOptions {
  readonly variables: readonly { readonly node: NodeOf<'variable'>; readonly decay: boolean }[];
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/**
 * One update of AdamW: Adam with decay beside the gradient and not through it (Loshchilov and Hutter, 2019,
 * arXiv:1711.05101), in the order of operations of `torch.optim.AdamW`.
 *
 * The function `update` takes the scalars `learning_rate`, `clip` (a factor on the gradients) and
 * `bias_correction1`, `bias_correction2` (1 − βᵗ for the t-th update, from 1). For each variable `v` it reads
 * the gradient collected in `v.grad`, replaces `v` and the moments `v.exp_avg` and `v.exp_avg_sq`, and sets
 * `v.grad` to zero. `state` declares these three, all of which start as zeros.
 */
export function adamwUpdate(g: Builder, { variables, beta1, beta2, epsilon, weightDecay }: AdamwOptions): { fn: Fn; state: Variable[] } {
  const learningRate = g.input('learning_rate', []);
  const clip = g.input('clip', []);
  const stepSize = g.div(learningRate, g.input('bias_correction1', []));
  const rootCorrection2 = g.sqrt(g.input('bias_correction2', []));
  const kept = g.sub(g.constant(1), g.mul(learningRate, weightDecay)); // 1 − η·λ

  const updates: Record<string, Node> = {};
  const state: Variable[] = [];
  for (const { node: parameter, decay } of variables) {
    const { name } = parameter.attrs;
    const declare = (suffix: string, role: Variable['role']): NodeOf<'variable'> => {
      const shape = parameter.shape.map(Number);
      state.push({ name: `${name}.${suffix}`, dtype: 'f32', shape, role });
      return g.variable(`${name}.${suffix}`, shape);
    };
    const collected = declare('grad', 'gradient');
    const gradient = g.mul(collected, clip);
    // m ← β₁·m + (1 − β₁)·g
    const firstMoment = g.add(g.mul(declare('exp_avg', 'moment'), beta1), g.mul(gradient, 1 - beta1));
    // v ← β₂·v + (1 − β₂)·g²
    const secondMoment = g.add(g.mul(declare('exp_avg_sq', 'moment'), beta2), g.mul(g.square(gradient), 1 - beta2));
    // θ ← θ·(1 − η·λ) − η/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε)
    const denominator = g.add(g.div(g.sqrt(secondMoment), rootCorrection2), epsilon);
    const decayed = decay && weightDecay > 0 ? g.mul(parameter, kept) : parameter;

    updates[name] = g.sub(decayed, g.mul(stepSize, g.div(firstMoment, denominator)));
    updates[`${name}.exp_avg`] = firstMoment;
    updates[`${name}.exp_avg_sq`] = secondMoment;
    updates[`${name}.grad`] = g.broadcast(g.constant(0), collected.shape);
  }
  return { fn: makeFn('update', {}, updates), state };
}
