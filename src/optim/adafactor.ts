/** Adafactor (Shazeer and Stern, 2018, arXiv:1804.04235): second moments of a matrix by its rows and columns alone. */
import type { Builder } from '../graph/builder.js';
import type { Fn, Node, Variable } from '../graph/node.js';
import { makeFn } from '../graph/program.js';
import { sizeOf } from '../util/tensor.js';
import type { Learning } from './adamw.js';

/** Added to squared gradients, so that no row is divided by zero. */
const leastSquare = 1e-30;

/** Second moments decay by β₂ₜ = 1 − t^−0.8 at the t-th update. */
export function adafactorDecay(update: number): number {
  return 1 - update ** -0.8;
}

/** The variables `<parameter>.exp_avg_sq_row` [n] and `.exp_avg_sq_col` [m] of a matrix [n, m]; `.exp_avg_sq` of what is none. */
export function adafactorState({ name, shape }: { readonly name: string; readonly shape: readonly number[] }): Variable[] {
  const moment = (suffix: string, of: readonly number[]): Variable => ({ name: `${name}.exp_avg_sq${suffix}`, dtype: 'f32', shape: of, role: 'moment' });
  return shape.length < 2 ? [moment('', shape)] : [moment('_row', shape.slice(0, -1)), moment('_col', [...shape.slice(0, -2), ...shape.slice(-1)])];
}

/**
 * One update, as `transformers.optimization.Adafactor` makes it for the Trainer: without a first moment, the rate that of the
 * schedule (`scale_parameter` and `relative_step` off), no update of an RMS above 1. The function `update` takes the scalars
 * `learning_rate`, `clip` (a factor on the gradients) and `decay` (β₂ₜ); gradients as for AdamW.
 */
export function adafactorUpdate(g: Builder, { variables, weightDecay }: { readonly variables: readonly Learning[]; readonly weightDecay: number }): { fn: Fn; state: Variable[] } {
  const [scheduled, clip, decay] = ['learning_rate', 'clip', 'decay'].map((name) => g.input(name, []));
  const fresh = g.sub(g.constant(1), decay);
  const mixed = (old: Node, value: Node): Node => g.add(g.mul(old, decay), g.mul(value, fresh)); // β₂ₜ·v + (1 − β₂ₜ)·x

  const updates: Record<string, Node> = {};
  const state: Variable[] = [];
  for (const { node: parameter, decay: decays, rate = 1 } of variables) {
    const { name } = parameter.attrs;
    const shape = parameter.shape.map(Number);
    const moments = adafactorState({ name, shape });
    state.push({ name: `${name}.grad`, dtype: 'f32', shape, role: 'gradient' }, ...moments);
    const learningRate = rate === 1 ? scheduled : g.mul(scheduled, rate);
    const gradient = g.mul(g.variable(`${name}.grad`, shape), clip);
    const square = g.add(g.square(gradient), leastSquare);
    const axes = shape.length;
    const next = moments.length === 1 ? [mixed(g.variable(moments[0].name, shape), square)] : moments.map((moment, i) => mixed(g.variable(moment.name, moment.shape), mean(g, square, [axes - 1 - i])));
    // v ≈ row·colᵀ / mean(row): u = g / √v
    const root = next.length === 1 ? g.sqrt(next[0]) : factoredRoot(g, next[0], next[1]);
    const step = g.div(gradient, root);
    // u ← u / max(1, RMS(u))
    const size = g.sqrt(mean(g, g.square(step), shape.map((_, axis) => axis)));
    const limited = g.div(step, g.add(g.op('relu', [g.sub(size, 1)], {}), 1));
    // θ ← θ·(1 − η·λ) − η·u
    const decayed = decays && weightDecay > 0 ? g.mul(parameter, g.sub(g.constant(1), g.mul(learningRate, weightDecay))) : parameter;
    moments.forEach((moment, i) => (updates[moment.name] = next[i]));
    updates[name] = g.sub(decayed, g.mul(limited, learningRate));
    updates[`${name}.grad`] = g.broadcast(g.constant(0), shape);
  }
  return { fn: makeFn('update', {}, updates), state };
}

/** √(row/mean(row)) [n, 1] times √col [1, m] */
function factoredRoot(g: Builder, row: Node, col: Node): Node {
  const [rows, columns] = [Number(row.shape[0]), Number(col.shape[0])];
  const share = g.sqrt(g.div(row, mean(g, row, [0])));
  return g.mul(g.reshape(share, [rows, 1]), g.reshape(g.sqrt(col), [1, columns]));
}

function mean(g: Builder, x: Node, axes: readonly number[]): Node {
  return g.div(g.sum(x, axes), sizeOf(axes.map((axis) => Number(x.shape[axis]))));
}
