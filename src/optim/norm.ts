import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';

/** √ΣΣg²: the L2 norm of all gradients as if they were one vector, a scalar. */
export function gradientNorm(g: Builder, gradients: readonly Node[]): Node {
  const squares = gradients.map((gradient) => g.sum(g.square(gradient), gradient.shape.map((_, axis) => axis)));
  return g.sqrt(squares.reduce((sum, square) => g.add(sum, square)));
}

/**
 * What gradients of this norm are multiplied by so that it becomes at most `maxNorm`; a `maxNorm` of 0 never
 * clips. Source: `torch.nn.utils.clip_grad_norm_`, with its 1e-6 against a division by zero.
 */
export function clipFactor(norm: number, maxNorm: number): number {
  return maxNorm === 0 ? 1 : Math.min(1, maxNorm / (norm + 1e-6));
}
