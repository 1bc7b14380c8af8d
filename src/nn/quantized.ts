/**
 * Frozen linear maps in 8 or 4 bits, as a rewrite of a graph: the models and the adapters know nothing of it.
 *
 *   int8   y = x·dequantized(W)ᵀ + (x·S)·Vᵀ   the columns of W with its outliers are zero in the codes and stand in V
 *                                             [O, k] in full precision; S [I, k] picks their inputs (LLM.int8())
 *   int4   y = x·dequantized(W)ᵀ              blocks of 32 with a scale and a zero each
 *
 * The gradient of x goes through the same codes, dequantised once more.
 */
import type { Builder } from '../graph/builder.js';
import type { Node, Variable } from '../graph/node.js';
import { rewrite } from '../graph/walk.js';
import type { Linear } from './layers.js';

export type Scheme = 'int8' | 'int4';

/** Elements of a 4-bit block, which lie in one row of [O, I]. */
const block = 32;

/** Of so many inputs one is taken for an outlier; LLM.int8() found fewer than one in a thousand (§3.2). */
const inputsPerOutlier = 128;

/** What stands in the place of `<module>.weight`. */
export interface QuantizedParts {
  readonly codes: Variable;
  readonly scale: Variable;
  readonly zero: Variable;
  /** Of int8: V [O, k] and S [I, k]. */
  readonly outliers: { readonly values: Variable; readonly places: Variable } | null;
}

/** Blocks must tile a row, two to a byte: a map of another size stays as it is. */
export function canQuantize({ inputSize, outputSize }: Linear, scheme: Scheme): boolean {
  return scheme === 'int8' || (inputSize % block === 0 && ((inputSize / block) * outputSize) % 2 === 0);
}

export function quantizedParts({ module, inputSize, outputSize }: Linear, scheme: Scheme): QuantizedParts {
  const part = (name: string, dtype: Variable['dtype'], shape: readonly number[]): Variable => ({ name: `${module}.weight.${name}`, dtype, shape, role: 'frozen' });
  const blocks = scheme === 'int8' ? outputSize : (outputSize * inputSize) / block;
  const outliers = Math.ceil(inputSize / inputsPerOutlier);
  return {
    codes: part('codes', 'u8', scheme === 'int8' ? [outputSize, inputSize] : [blocks / 2, block]),
    scale: part('scale', 'f32', [blocks]),
    zero: part('zero', 'u8', [blocks]),
    outliers: scheme === 'int8' ? { values: part('outliers', 'f32', [outputSize, outliers]), places: part('outlier_places', 'f32', [inputSize, outliers]) } : null,
  };
}

export function partsOf({ codes, scale, zero, outliers }: QuantizedParts): Variable[] {
  return [codes, scale, zero, ...(outliers ? [outliers.values, outliers.places] : [])];
}

/** Every `linear` on the weight of one of `layers` reads its codes instead. Returns old node → new node. */
export function quantize(g: Builder, outputs: Iterable<Node>, layers: readonly Linear[], scheme: Scheme): ReadonlyMap<Node, Node> {
  const byWeight = new Map(layers.map((layer) => [`${layer.module}.weight`, layer]));
  return rewrite(g, outputs, (node, [x, weight, bias]) => {
    const layer = node.kind === 'linear' && weight.kind === 'variable' ? byWeight.get(weight.attrs.name) : undefined;
    if (layer === undefined) return null;
    const { codes, scale, zero, outliers } = quantizedParts(layer, scheme);
    const read = ({ name, shape, dtype }: Variable): Node => g.variable(name, shape, dtype);
    const inputs = [x, read(codes), read(scale), read(zero), ...(bias === undefined ? [] : [bias])];
    const y = g.op('linearQuantized', inputs, { bits: scheme === 'int8' ? 8 : 4, outputSize: layer.outputSize, transposeW: true });
    if (outliers === null) return y;
    const chosen = g.linear(x, read(outliers.places)); // [..., k]
    return g.add(y, g.linear(chosen, read(outliers.values), { transposeW: true }));
  });
}
