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
import type { ParameterSpec } from '../nn/parameter.js';
import { rowLengths } from './dora.js';
import { adaptedLayers, adapterParameters, type AdaptedLayer } from './layers.js';
import type { Adaptable } from './targets.js';
import { untiedBy } from './whole.js';

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
  const layers = adaptedLayers(model, config);
  const byWeight = new Map(layers.map((layer) => [`${layer.linear.module}.weight`, layer]));
  const untied = untiedBy(model, config);
  const dropoutMasks: DropoutMask[] = [];

  const dropped = (x: Node, module: string): Node => {
    const p = config.lora_dropout;
    if (!training || p === 0) return x;
    const mask = { name: `dropout.${module}`, shape: x.shape, p };
    dropoutMasks.push(mask);
    return g.mul(g.where(g.input(mask.name, mask.shape, 'bool'), x, 0), 1 / (1 - p));
  };
  const rewritten = rewrite(g, outputs, (node, inputs) => {
    const [x, weight, ...others] = inputs;
    if (weight?.kind !== 'variable') return null;
    const layer = node.kind === 'linear' ? byWeight.get(weight.attrs.name) : undefined;
    if (layer !== undefined) return changed(g, layer, { x, dropped: dropped(x, layer.linear.module), weight, bias: others[0] });
    const isHead = (node.kind === 'linear' || node.kind === 'linearCrossEntropy') && weight.attrs.name === untied?.embedding;
    return isHead ? g.rebuild(node, [x, g.variable(untied.head, weight.shape as readonly number[]), ...others]) : null;
  });
  return { rewritten, parameters: adapterParameters(layers), dropoutMasks };
}

interface LinearInputs {
  readonly x: Node; //       [..., in]
  readonly dropped: Node; // x itself where nothing is dropped
  readonly weight: Node;
  readonly bias: Node | undefined;
}

/** What stands in the place of a target's linear map: [..., out] */
function changed(g: Builder, layer: AdaptedLayer, { x, dropped, weight, bias }: LinearInputs): Node {
  const { linear: { transposeW }, scale, magnitude } = layer;
  const [a, b] = [g.variable(layer.a.name, layer.a.shape), g.variable(layer.b.name, layer.b.shape)];
  const low = g.linear(dropped, a, { transposeW: true }); // [..., r]
  const update = g.linear(g.mul(low, scale), b, { transposeW: true }); // [..., out]
  if (magnitude === null) return g.add(g.linear(x, weight, { bias, transposeW }), update);

  const lengths = rowLengths(g, { linear: layer.linear, weight, a, b, scale });
  const stretch = g.div(g.variable(magnitude.name, magnitude.shape), lengths); // m/n [out]
  if (dropped !== x) { // x·W keeps all of x, and only what m/n differs from 1 is of the dropped one, as in PEFT
    const ofDropped = g.mul(g.linear(dropped, weight, { transposeW }), g.sub(stretch, 1));
    return g.add(g.linear(x, weight, { bias, transposeW }), g.add(ofDropped, g.mul(update, stretch)));
  }
  const y = g.mul(g.add(g.linear(x, weight, { transposeW }), update), stretch);
  return bias === undefined ? y : g.add(y, bias);
}
