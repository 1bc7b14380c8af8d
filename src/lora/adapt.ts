/**
 * Low-rank adaptation (Hu et al., 2021, arXiv:2106.09685) as a rewrite of a graph.
 *
 *        ┌──────────── W ────────────┐
 *     x ─┤                           + ─ y        y = x·W + s·B(A(dropout(x)))
 *        └─ dropout ─ A ─ ·s ─ B ────┘            A [r, in], B [out, r], s = α/r
 *
 * The models know nothing of it: every `linear` on the weight of a target module gets the lower branch. The
 * inverse, in weights, is `merge.ts`. Reference: peft/tuners/lora/layer.py.
 */
import type { LoraConfig } from '../config/schema.js';
import type { Builder } from '../graph/builder.js';
import type { Shape } from '../graph/dims.js';
import type { Node } from '../graph/node.js';
import { rewrite } from '../graph/walk.js';
import type { Linear } from '../nn/layers.js';
import type { ParameterSpec } from '../nn/parameter.js';
import { loraScale, lowRank } from './init.js';
import { targetLinears, type Adaptable } from './targets.js';

export interface AdaptOptions {
  readonly model: Adaptable;
  readonly config: LoraConfig;
  /** Turns dropout on. */
  readonly training: boolean;
}

/** A bool input to be fed with fresh bits at every call: 1 keeps, with probability 1 − p. */
export interface DropoutMask {
  readonly name: string;
  readonly shape: Shape;
  readonly p: number;
}

export interface Adapted {
  /** Old node → new node, for all that the outputs need. */
  readonly rewritten: ReadonlyMap<Node, Node>;
  /** The adapter's matrices, by the names that PEFT saves them under. */
  readonly parameters: readonly ParameterSpec[];
  readonly dropoutMasks: readonly DropoutMask[];
}

export function adapt(g: Builder, outputs: Iterable<Node>, { model, config, training }: AdaptOptions): Adapted {
  const targets = targetLinears(model, config);
  const byWeight = new Map(targets.map((layer) => [`${layer.module}.weight`, layer]));
  const dropoutMasks: DropoutMask[] = [];

  const dropped = (x: Node, module: string): Node => {
    const p = config.lora_dropout;
    if (!training || p === 0) return x;
    const mask = { name: `dropout.${module}`, shape: x.shape, p };
    dropoutMasks.push(mask);
    return g.mul(g.where(g.input(mask.name, mask.shape, 'bool'), x, 0), 1 / (1 - p));
  };
  const branch = (x: Node, layer: Linear): Node => {
    const { a, b } = lowRank(layer, config);
    const low = g.linear(dropped(x, layer.module), g.variable(a.name, a.shape), { transposeW: true }); // [..., r]
    return g.linear(g.mul(low, loraScale(config)), g.variable(b.name, b.shape), { transposeW: true }); // [..., out]
  };
  const rewritten = rewrite(g, outputs, (node, inputs) => {
    const [x, weight] = inputs;
    const layer = node.kind === 'linear' && weight.kind === 'variable' ? byWeight.get(weight.attrs.name) : undefined;
    return layer ? g.add(g.rebuild(node, inputs), branch(x, layer)) : null;
  });
  const parameters = targets.flatMap((layer) => Object.values(lowRank(layer, config)));
  return { rewritten, parameters, dropoutMasks };
}
