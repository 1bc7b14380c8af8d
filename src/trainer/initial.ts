/** First values of every variable of a run: from the model's folder, an adapter, a checkpoint, or the seed. */
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import type { Experiment, LoraConfig } from '../config/schema.js';
import { isHalf, type DType, type InitialValue } from '../graph/node.js';
import { adaptedLayers } from '../lora/layers.js';
import { savedName } from '../lora/names.js';
import { checkAdapter, openAdapterTensors, readAdapter, type Adapter } from '../lora/peft.js';
import type { Model, ParameterSpec } from '../models/contract.js';
import { initialWeights, randomWeights } from '../models/weights.js';
import { initialValue } from '../nn/parameter.js';
import { f32, half, u8, type Tensor } from '../util/tensor.js';
import { SafetensorsFile } from '../weights/safetensors.js';
import { drawnMagnitudes, withAdapterStart } from './adapted.js';
import { readQuantized } from './quantized.js';
import type { Tuning } from './tuning.js';

type ByName = (name: string) => Tensor<'f32'>;

export interface InitialOptions {
  readonly experiment: Pick<Experiment, 'model' | 'init' | 'finetuning' | 'lora' | 'train'>;
  readonly model: Model;
  readonly tuning: Tuning;
  /** A checkpoint folder whose parameters and moments go before all else. */
  readonly checkpoint: string | null;
}

/** Checks names and shapes of all weights at once, before anything is held in memory. */
export function initialValues({ experiment, model, tuning, checkpoint }: InitialOptions): InitialValue {
  const base: ByName = experiment.init === 'random' ? randomWeights(model, experiment.train.seed) : initialWeights(model, experiment.model);
  const weights = experiment.finetuning === 'lora' ? withAdapterStart(model, experiment.lora, tuning, base) : base;
  const trained: ByName = experiment.finetuning === 'lora' ? adapterStart(experiment, { model, tuning, weights }) : weights;
  const frozen = frozenValues(tuning, weights);
  const saved = checkpoint === null ? null : openCheckpoint(checkpoint);
  return ({ name, role, shape, dtype }) => {
    switch (role) {
      case 'frozen':
        return inType(frozen(name), dtype);
      case 'trainable':
        return saved ? saved.parameters(name) : trained(name);
      case 'moment':
        return saved ? saved.moments(name, dtype) : dtype === 'u8' ? u8(shape) : f32(shape);
      case 'gradient':
        return f32(shape);
    }
  };
}

export interface InferenceValues {
  /** The folder's weights, and an adapter's where there is one. */
  readonly initial: InitialValue;
  /** What an adapter's parameter is where the base is to be as it is alone. */
  readonly without: (parameter: ParameterSpec) => Tensor<'f32'>;
}

/** The same for a model that is only used. */
export function inferenceValues({ model, folder, tuning, adapter }: { model: Model; folder: string; tuning: Tuning; adapter: Adapter | null }): InferenceValues {
  if (adapter) checkAdapter(adapter.folder, tuning.trainable, adapter.config);
  const base = initialWeights(model, folder);
  const weights = adapter ? withAdapterStart(model, adapter.config, tuning, base) : base;
  const frozen = frozenValues(tuning, weights);
  const matrices = new Set(adapter ? adaptedLayers(model, adapter.config).flatMap(({ a, b }) => [a.name, b.name]) : []);
  return {
    initial: ({ name, role, dtype }) => (role === 'trainable' && adapter ? adapter.tensors.get(savedName(name))! : inType(frozen(name), dtype)),
    without: ({ name, shape }) => (matrices.has(name) ? f32(shape) : weights(name)),
  };
}

/** Weights are read in full; a program may hold them in 16 bits. */
function inType(value: Tensor, dtype: DType): Tensor {
  return value.dtype === 'f32' && isHalf(dtype) ? half(dtype, value.shape, value.data) : value;
}

function frozenValues({ quantized }: Tuning, weights: ByName): (name: string) => Tensor {
  return quantized === null ? weights : readQuantized(quantized, weights);
}

/** First values of A and B, DoRA's lengths and the base's own of what learns whole; or the adapter that is to be trained further. */
function adapterStart({ lora, train }: Pick<Experiment, 'lora' | 'train'>, { model, tuning, weights }: { model: Model; tuning: Tuning; weights: ByName }): ByName {
  const given = lora.adapter_name_or_path === null ? null : startFrom(lora.adapter_name_or_path, tuning, lora);
  const matrices = new Map(adaptedLayers(model, lora).flatMap(({ a, b }) => [a, b]).map((spec) => [spec.name, spec]));
  const drawn: ByName = (name) => {
    const matrix = matrices.get(name);
    return matrix ? initialValue(matrix, train.seed) : weights(name);
  };
  const magnitudes = lora.init_lora_weights === false ? drawnMagnitudes(model, lora, tuning, { weights, drawn }) : null;
  return (name) => given?.get(savedName(name)) ?? magnitudes?.get(name)?.() ?? drawn(name);
}

function startFrom(folder: string, { trainable }: Tuning, config: LoraConfig): ReadonlyMap<string, Tensor<'f32'>> {
  checkAdapter(folder, trainable, config);
  return readAdapter(folder).tensors;
}

/** What a checkpoint has learned, by the names that a program has for it. */
export function checkpointParameters(folder: string): ByName {
  if (existsSync(join(folder, 'adapter_model.safetensors'))) {
    const adapter = openAdapterTensors(folder);
    return (name) => adapter(savedName(name));
  }
  const parameters = SafetensorsFile.open(join(folder, 'model.safetensors'));
  return (name) => parameters.read(name);
}

function openCheckpoint(folder: string): { parameters: ByName; moments: (name: string, dtype: DType) => Tensor } {
  const moments = SafetensorsFile.open(join(folder, 'optimizer.safetensors'));
  return { parameters: checkpointParameters(folder), moments: (name, dtype) => (dtype === 'u8' ? moments.readBytes(name) : moments.read(name)) };
}
