import type { Builder } from '../graph/builder.js';
import type { Fn, Node, NodeOf, Variable } from '../graph/node.js';
import { makeFn } from '../graph/program.js';
import { sizeOf } from '../util/tensor.js';
import { blockSize, momentsOf, readMoment, writeMoment, type MomentDType } from './moments.js';

/** A parameter that an optimizer changes. */
export interface Learning {
  readonly node: NodeOf<'variable'>;
  /** Whether its weights decay. */
  readonly decay: boolean;
  /** What the rate is multiplied by for it; 1 unless said. */
  readonly rate?: number;
}

export interface AdamwOptions {
  readonly variables: readonly Learning[];
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** How both moments are held; f32 unless said. */
  readonly moments?: MomentDType;
}

/** Elements of a parameter that are updated together where its moments are in codes: what is computed on the way is small then. */
const slabElements = 1 << 19;

/**
 * One update of AdamW: Adam with decay beside the gradient and not through it (Loshchilov and Hutter, 2019,
 * arXiv:1711.05101), in the order of operations of `torch.optim.AdamW`.
 *
 * The function `update` takes the scalars `learning_rate`, `clip` (a factor on the gradients) and
 * `bias_correction1`, `bias_correction2` (1 − βᵗ for the t-th update, from 1). For each variable `v` it reads
 * the gradient collected in `v.grad`, replaces `v` and its moments (moments.ts), and sets `v.grad` to zero. `state` declares
 * these, all of which start as zeros.
 */
export function adamwUpdate(g: Builder, { variables, beta1, beta2, epsilon, weightDecay, moments = 'f32' }: AdamwOptions): { fn: Fn; state: Variable[] } {
  const learningRate = g.input('learning_rate', []);
  const clip = g.input('clip', []);
  const correction1 = g.input('bias_correction1', []);
  const rootCorrection2 = g.sqrt(g.input('bias_correction2', []));

  /** New values of some elements, of any shape. */
  const step = (old: Values, { decay, rate = 1 }: Omit<Learning, 'node'>): Values => {
    const ownRate = rate === 1 ? learningRate : g.mul(learningRate, rate);
    const stepSize = g.div(ownRate, correction1);
    const kept = g.sub(g.constant(1), g.mul(ownRate, weightDecay)); // 1 − η·λ
    const gradient = g.mul(old.gradient, clip);
    // m ← β₁·m + (1 − β₁)·g
    const firstMoment = g.add(g.mul(old.firstMoment, beta1), g.mul(gradient, 1 - beta1));
    // v ← β₂·v + (1 − β₂)·g²
    const secondMoment = g.add(g.mul(old.secondMoment, beta2), g.mul(g.square(gradient), 1 - beta2));
    // θ ← θ·(1 − η·λ) − η/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε)
    const denominator = g.add(g.div(g.sqrt(secondMoment), rootCorrection2), epsilon);
    const decayed = decay && weightDecay > 0 ? g.mul(old.parameter, kept) : old.parameter;
    return { parameter: g.sub(decayed, g.mul(stepSize, g.div(firstMoment, denominator))), gradient, firstMoment, secondMoment };
  };

  const updates: Record<string, Node> = {};
  const state: Variable[] = [];
  for (const { node: parameter, ...learning } of variables) {
    const { name } = parameter.attrs;
    const shape = parameter.shape.map(Number);
    const stored = momentsOf({ name, shape }, moments);
    state.push({ name: `${name}.grad`, dtype: 'f32', shape, role: 'gradient' }, ...stored.variables);
    const collected = g.variable(`${name}.grad`, shape);
    updates[`${name}.grad`] = g.broadcast(g.constant(0), shape);
    if (stored.kind === 'whole') {
      const [firstMoment, secondMoment] = stored.variables.map((moment) => g.variable(moment.name, shape));
      const next = step({ parameter, gradient: collected, firstMoment, secondMoment }, learning);
      Object.assign(updates, { [name]: next.parameter, [stored.variables[0].name]: next.firstMoment, [stored.variables[1].name]: next.secondMoment });
      continue;
    }
    const size = sizeOf(shape);
    const flat = (node: Node): Node => g.reshape(node, [size]);
    const slabs = Array.from({ length: Math.ceil(size / slabElements) }, (_, i) => [i * slabElements, Math.min(size, (i + 1) * slabElements)] as const);
    const parts = slabs.map(([start, end]) => {
      const blocks = [start / blockSize, Math.ceil(end / blockSize)] as const;
      const old = {
        parameter: g.slice(flat(parameter), 0, start, end),
        gradient: g.slice(flat(collected), 0, start, end),
        firstMoment: readMoment(g, stored.first, { blocks, elements: end - start }),
        secondMoment: readMoment(g, stored.second, { blocks, elements: end - start }),
      };
      const next = step(old, learning);
      return { parameter: next.parameter, ...writeMoment(g, stored.first, next.firstMoment), ...writeMoment(g, stored.second, next.secondMoment) } as Record<string, Node>;
    });
    updates[name] = g.reshape(g.concat(parts.map((part) => part.parameter), 0), shape);
    for (const moment of stored.variables) updates[moment.name] = g.concat(parts.map((part) => part[moment.name]), 0);
  }
  return { fn: makeFn('update', {}, updates), state };
}

interface Values {
  readonly parameter: Node;
  readonly gradient: Node;
  readonly firstMoment: Node;
  readonly secondMoment: Node;
}
