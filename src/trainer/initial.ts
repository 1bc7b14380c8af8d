/** First values of every variable of a run: from the model's folder, an adapter, a checkpoint, or the seed. */
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import type { Experiment, LoraConfig } from '../config/schema.js';
import { isHalf, type DType, type InitialValue } from '../graph/node.js';
import { loraInitial, savedName } from '../lora/init.js';
import { checkAdapter, readAdapter, type Adapter } from '../lora/peft.js';
import type { Model } from '../models/contract.js';
import { initialWeights, randomWeights } from '../models/weights.js';
import { f32, half, u8, type Tensor } from '../util/tensor.js';
import { SafetensorsFile } from '../weights/safetensors.js';
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
  const weights: ByName = experiment.init === 'random' ? randomWeights(model, experiment.train.seed) : initialWeights(model, experiment.model);
  const trained: ByName = experiment.finetuning === 'lora' ? adapterStart(experiment, tuning, weights) : weights;
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

/** The same for a model that is only used: the folder's weights, and an adapter's where there is one. */
export function inferenceValues({ model, folder, tuning, adapter }: { model: Model; folder: string; tuning: Tuning; adapter: Adapter | null }): InitialValue {
  if (adapter) checkAdapter(adapter.folder, tuning.trainable, adapter.config);
  const weights = frozenValues(tuning, initialWeights(model, folder));
  return ({ name, role, dtype }) => (role === 'trainable' && adapter ? adapter.tensors.get(savedName(name))! : inType(weights(name), dtype));
}

/** Weights are read in full; a program may hold them in 16 bits. */
function inType(value: Tensor, dtype: DType): Tensor {
  return value.dtype === 'f32' && isHalf(dtype) ? half(dtype, value.shape, value.data) : value;
}

function frozenValues({ quantized }: Tuning, weights: ByName): (name: string) => Tensor {
  return quantized === null ? weights : readQuantized(quantized, weights);
}

/** A zero update to begin with (B is zero) and the base's own head, or the adapter that is to be trained further. */
function adapterStart({ lora, train }: Pick<Experiment, 'lora' | 'train'>, tuning: Tuning, base: ByName): ByName {
  const specs = new Map(tuning.trainable.map((spec) => [spec.name, spec]));
  const given = lora.adapter_name_or_path === null ? null : startFrom(lora.adapter_name_or_path, tuning, lora);
  return (name) => given?.get(savedName(name)) ?? (savedName(name) === name ? loraInitial(specs.get(name)!, train.seed) : base(name));
}

function startFrom(folder: string, { trainable }: Tuning, config: LoraConfig): ReadonlyMap<string, Tensor<'f32'>> {
  checkAdapter(folder, trainable, config);
  return readAdapter(folder).tensors;
}

function openCheckpoint(folder: string): { parameters: ByName; moments: (name: string, dtype: DType) => Tensor } {
  const adapter = join(folder, 'adapter_model.safetensors');
  const isAdapter = existsSync(adapter);
  const parameters = SafetensorsFile.open(isAdapter ? adapter : join(folder, 'model.safetensors'));
  const moments = SafetensorsFile.open(join(folder, 'optimizer.safetensors'));
  return { parameters: (name) => parameters.read(isAdapter ? savedName(name) : name), moments: (name, dtype) => (dtype === 'u8' ? moments.readBytes(name) : moments.read(name)) };
}
