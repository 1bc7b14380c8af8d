/** The layers that an adapter changes: their matrices, ranks and scales, as PEFT has them. */
import type { LoraConfig } from '../config/schema.js';
import type { Linear } from '../nn/layers.js';
import type { Init, ParameterSpec } from '../nn/parameter.js';
import { adapterName } from './names.js';
import { patternValue } from './pattern.js';
import { targetLinears, type Adaptable } from './targets.js';

/** s·B·A of one linear map. */
export interface AdaptedLayer {
  readonly linear: Linear;
  readonly rank: number;
  readonly scale: number;
  readonly a: ParameterSpec; // [r, in]
  readonly b: ParameterSpec; // [out, r]
  /** DoRA's lengths of the rows of W [out, in]. */
  readonly magnitude: ParameterSpec | null;
}

/** What decides the scale beside the rank. */
export type Strength = Pick<LoraConfig, 'lora_alpha' | 'use_rslora' | 'alpha_pattern'>;

/** Every layer that is adapted, in the model's order. UserError where the config asks for what the model does not have. */
export function adaptedLayers(model: Adaptable, config: LoraConfig): AdaptedLayer[] {
  return targetLinears(model, config).map((linear) => adaptedLayer(linear, config));
}

/** What an adapter trains of these layers. */
export function adapterParameters(layers: readonly AdaptedLayer[]): ParameterSpec[] {
  return layers.flatMap(({ a, b, magnitude }) => (magnitude === null ? [a, b] : [a, b, magnitude]));
}

function adaptedLayer(linear: Linear, config: LoraConfig): AdaptedLayer {
  const { module, inputSize, outputSize } = linear;
  const rank = patternValue(config.rank_pattern, module) ?? config.r;
  const matrix = (part: string, shape: readonly number[], init: Init): ParameterSpec => ({ name: adapterName(module, part), shape, init, decay: true });
  return {
    linear,
    rank,
    scale: scaleOf(config, module, rank),
    a: matrix('lora_A.weight', [rank, inputSize], firstA(config, rank, inputSize)),
    b: matrix('lora_B.weight', [outputSize, rank], config.init_lora_weights === false ? { kind: 'uniform', limit: 1 / Math.sqrt(rank) } : { kind: 'zeros' }),
    magnitude: config.use_dora ? matrix('lora_magnitude_vector', [outputSize], { kind: 'ones' }) : null,
  };
}

/** s of a module's adapter of that rank: α/r, or α/√r (Kalajdzievski, 2023, arXiv:2312.03732). */
export function scaleOf({ lora_alpha, alpha_pattern, use_rslora }: Strength, module: string, rank: number): number {
  return (patternValue(alpha_pattern, module) ?? lora_alpha) / (use_rslora ? Math.sqrt(rank) : rank);
}

/** Kaiming-uniform with slope √5, which is uniform in ±1/√in; B starts at zero, so that the adapted model is at first the model itself. */
function firstA({ init_lora_weights: init }: LoraConfig, rank: number, inputSize: number): Init {
  return init === 'gaussian' ? { kind: 'normal', std: 1 / rank } : { kind: 'uniform', limit: 1 / Math.sqrt(inputSize) };
}
