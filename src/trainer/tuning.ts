/** What is trained: an adapter, some blocks, or everything. The three ways look the same to the rest of the trainer. */
import type { Experiment } from '../config/schema.js';
import type { Builder } from '../graph/builder.js';
import type { Node } from '../graph/node.js';
import { mixedPrecision } from '../graph/precision.js';
import { adapt, type DropoutMask } from '../lora/adapt.js';
import { squaredLengths } from '../lora/dora.js';
import { adaptedLayers, adapterParameters } from '../lora/layers.js';
import { wholeParameters } from '../lora/whole.js';
import { quantize } from '../nn/quantized.js';
import type { Model, ParameterSpec } from '../models/contract.js';
import { withOwnHead } from '../models/registry.js';
import { isOf } from '../models/weights.js';
import { UserError } from '../util/errors.js';
import type { Half } from '../util/half.js';
import { halfOf } from './precision.js';
import { quantizedVariables, quantizedWeights, type QuantizedWeights } from './quantized.js';

export interface Tuned {
  /** The same outputs with the trainable branches in place. */
  readonly outputs: readonly Node[];
  readonly masks: readonly DropoutMask[];
}

export interface Tuning {
  /** What the optimizer changes. */
  readonly trainable: readonly ParameterSpec[];
  /** The model's own parameters that stay as they are. */
  readonly frozen: readonly ParameterSpec[];
  /** Which of those are held in 8 or 4 bits; null: none. */
  readonly quantized: QuantizedWeights | null;
  /** What is learned is written with all of the model, which stays as exact as it was read. */
  readonly writesBase: boolean;
  /** The 16 bits that products are computed in; null: none. */
  readonly half: Half | null;
  /** Puts the trainable branches into a forward pass; `training` turns dropout on. Of 16 bits, outputs may be so too. */
  apply(g: Builder, outputs: readonly Node[], training: boolean): Tuned;
}

/** `precision: auto` counts as f32: what a device has is decided before (precision.ts). */
export function tuningOf(experiment: Pick<Experiment, 'finetuning' | 'lora' | 'freeze' | 'quantization' | 'precision'>, model: Model): Tuning {
  const half = halfOf(experiment.precision);
  switch (experiment.finetuning) {
    case 'lora':
      return inHalf(inCodes(lowRank(experiment, model), model, experiment.quantization), half);
    case 'freeze':
      return inHalf(subset(model, inLayers(model, experiment.freeze.num_trainable_layers)), half);
    case 'full':
      return inHalf(subset(model, () => true), half);
  }
}

/** No training at all: for a base model that is only evaluated or asked to write. */
export function untuned(model: Model, { quantization, precision }: Pick<Experiment, 'quantization' | 'precision'>): Tuning {
  return inHalf(inCodes({ ...subset(model, () => false), writesBase: false }, model, quantization), halfOf(precision));
}

/** The same with products in 16 bits. A base that is not written to a file again is held in them, but for what stands in codes. */
function inHalf(tuning: Tuning, half: Half | null): Tuning {
  if (half === null) return tuning;
  const trained = new Set(tuning.trainable.map(({ name }) => name));
  const inCodes = new Set(tuning.quantized ? quantizedVariables(tuning.quantized).map(({ name }) => name) : []);
  return {
    ...tuning,
    half,
    apply(g, outputs, training) {
      const tuned = tuning.apply(g, outputs, training);
      const rewritten = mixedPrecision(g, tuned.outputs, { half, staysFull: (variable) => tuning.writesBase || trained.has(variable) || inCodes.has(variable), isExact: (variable) => inCodes.has(variable) });
      return { ...tuned, outputs: tuned.outputs.map((node) => rewritten.get(node)!) };
    },
  };
}

/** The same with the frozen weights of the blocks in 8 or 4 bits. */
function inCodes(tuning: Tuning, { linears }: Model, scheme: Experiment['quantization']): Tuning {
  if (scheme !== 'int8' && scheme !== 'int4') return tuning;
  const frozen = new Set(tuning.frozen.map(({ name }) => name));
  const quantized = quantizedWeights(linears.filter(({ module }) => frozen.has(`${module}.weight`)), scheme);
  return {
    ...tuning,
    quantized,
    apply(g, outputs, training) {
      const tuned = tuning.apply(g, outputs, training);
      const rewritten = quantize(g, tuned.outputs, quantized.layers, scheme);
      return { ...tuned, outputs: tuned.outputs.map((node) => rewritten.get(node)!) };
    },
  };
}

function lowRank({ lora }: Pick<Experiment, 'lora'>, model: Model): Tuning {
  const layers = adaptedLayers(model, lora);
  const whole = wholeParameters(model, lora, new Set(layers.map(({ linear }) => linear.module)));
  if (whole.untied !== null) withOwnHead(model); // refused now, and not when it is merged
  return {
    trainable: [...adapterParameters(layers), ...whole.trainable],
    frozen: [...whole.frozen, ...(lora.use_dora ? layers.map(({ linear }) => squaredLengths(linear)) : [])],
    quantized: null,
    half: null,
    writesBase: false,
    apply(g, outputs, training) {
      const { rewritten, dropoutMasks } = adapt(g, outputs, { model, config: lora, training });
      return { outputs: outputs.map((node) => rewritten.get(node) ?? node), masks: dropoutMasks };
    },
  };
}

function subset(model: Model, trains: (parameter: ParameterSpec) => boolean): Tuning {
  const learns = (parameter: ParameterSpec): boolean => parameter.constant !== true && trains(parameter);
  return {
    trainable: model.parameters.filter(learns),
    frozen: model.parameters.filter((parameter) => !learns(parameter)),
    quantized: null,
    half: null,
    writesBase: true,
    apply: (_g, outputs) => ({ outputs, masks: [] }),
  };
}

/** The last n blocks, or the first −n, and a head that is new. */
function inLayers(model: Model, n: number): (parameter: ParameterSpec) => boolean {
  if (Math.abs(n) > model.layerCount) {
    throw new UserError(`freeze.num_trainable_layers is ${n}, but the model has ${model.layerCount} layers; choose 1 to ${model.layerCount}, or use finetuning: full.`);
  }
  return ({ name }) => {
    if (isOf(model.headModules, name)) return true;
    const layer = model.layerOf(name);
    return layer !== null && (n > 0 ? layer >= model.layerCount - n : layer < -n);
  };
}
