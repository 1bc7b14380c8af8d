/** The matrices of an adapter: names, shapes and first values, as PEFT has them. */
import type { LoraConfig } from '../config/schema.js';
import type { Linear } from '../nn/layers.js';
import type { ParameterSpec } from '../nn/parameter.js';

export { initialValue as loraInitial } from '../nn/parameter.js';

const peftRoot = 'base_model.model.';

/** A [r, in] and B [out, r] of one linear map. */
export interface LowRank {
  readonly a: ParameterSpec;
  readonly b: ParameterSpec;
}

/**
 * Named as PEFT saves them. A starts Kaiming-uniform with slope √5, which is uniform in ±1/√in; B starts at
 * zero, so that the adapted model is at first the model itself.
 */
export function lowRank({ module, inputSize, outputSize }: Linear, { r }: Pick<LoraConfig, 'r'>): LowRank {
  const at = `${peftRoot}${module}`;
  return {
    a: { name: `${at}.lora_A.weight`, shape: [r, inputSize], init: { kind: 'uniform', limit: 1 / Math.sqrt(inputSize) }, decay: true },
    b: { name: `${at}.lora_B.weight`, shape: [outputSize, r], init: { kind: 'zeros' }, decay: true },
  };
}

/** What PEFT calls a parameter in an adapter's file: its own matrices bear that name already, modules trained whole the model's. */
export function savedName(parameter: string): string {
  return parameter.startsWith(peftRoot) ? parameter : `${peftRoot}${parameter}`;
}

/** α/r, or α/√r (Kalajdzievski, 2023, arXiv:2312.03732). */
export function loraScale({ r, lora_alpha: alpha, use_rslora: rankStabilized }: Pick<LoraConfig, 'r' | 'lora_alpha' | 'use_rslora'>): number {
  return alpha / (rankStabilized ? Math.sqrt(r) : r);
}
