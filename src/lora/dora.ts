/**
 * DoRA (Liu et al., 2024, arXiv:2402.09353): length and direction of a weight's rows learn apart.
 *
 *     W' = m ⊙ (W + s·B·A) / n      n = ‖W + s·B·A‖ of each row [out], taken for a constant by the gradient (§4.3)
 *
 * n is not had from W + s·B·A, which would be as large as W at every step, but from what is in it:
 *
 *     n² = ‖W‖² + 2s·Σ_r B ⊙ (W·Aᵀ) + s²·Σ_r B ⊙ (B·(A·Aᵀ))
 *
 * ‖W‖² is found once, where the weights are read; W·Aᵀ is W at r more rows of input, whatever form W is held in.
 * Reference: peft/tuners/lora/dora.py (0.21).
 */
import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';
import type { Linear } from '../nn/layers.js';
import type { ParameterSpec } from '../nn/parameter.js';
import { f32, type Tensor } from '../util/tensor.js';

/** Under the square root: a row of zeros has length 0, and a magnitude of 0, and must not be divided by it. */
const tiny = 1e-30;

/** ‖W‖² of each row, which a program holds beside W: [out] */
export function squaredLengths({ module, outputSize }: Linear): ParameterSpec {
  return { name: `${module}.weight.squared_lengths`, shape: [outputSize], init: { kind: 'ones' }, decay: false };
}

export interface Direction {
  readonly linear: Linear;
  readonly weight: Node;
  readonly a: Node; // [r, in]
  readonly b: Node; // [out, r]
  readonly scale: number;
}

/** n of each row of W + s·B·A: [out], a constant to the gradient. */
export function rowLengths(g: Builder, { linear, weight, a, b, scale }: Direction): Node {
  const { name, shape } = squaredLengths(linear);
  const projected = g.linear(a, weight, { transposeW: linear.transposeW }); //                 (W·Aᵀ)ᵀ [r, out]
  const crossed = g.sum(g.mul(g.transpose(b, [1, 0]), projected), [0]); //                     [out]
  const own = g.sum(g.mul(b, g.linear(b, g.linear(a, a, { transposeW: true }))), [1]); //      [out]
  const squared = g.add(g.variable(name, shape), g.add(g.mul(crossed, 2 * scale), g.mul(own, scale * scale)));
  return g.op('detach', [g.sqrt(g.add(g.op('relu', [squared], {}), tiny))], {}); // of a row of zeros, what is rounded may come to less than 0
}

/** ‖W‖² of each row, of W [out, in] with `transposeW`, else [in, out]. */
export function squaredLengthsOf(weight: Tensor<'f32'>, { inputSize, outputSize, transposeW }: Linear): Tensor<'f32'> {
  const sums = new Float64Array(outputSize);
  const [rowStep, columnStep] = transposeW ? [inputSize, 1] : [1, outputSize];
  for (let o = 0; o < outputSize; o++) {
    for (let i = 0; i < inputSize; i++) sums[o] += weight.data[o * rowStep + i * columnStep] ** 2;
  }
  return f32([outputSize], sums);
}
