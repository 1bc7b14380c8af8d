import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';
import type { Activation } from './activation.js';
import { linear, type Linear } from './layers.js';

/** The position-wise feed-forward network (Vaswani et al., 2017, arXiv:1706.03762 §3.3). */
export interface Mlp {
  readonly up: Linear;
  readonly activation: Activation;
  readonly down: Linear;
}

/** down(act(up(x))): [..., C] → [..., inner] → [..., C] */
export function mlp(g: Builder, x: Node, { up, activation, down }: Mlp): Node {
  return linear(g, activation(g, linear(g, x, up)), down);
}
