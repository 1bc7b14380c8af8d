/** First values of every variable of a run: from the model's folder, an adapter, a checkpoint, or the seed. */
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import type { Experiment } from '../config/schema.js';
import type { InitialValue } from '../graph/node.js';
import { loraInitial } from '../lora/init.js';
import { readAdapter } from '../lora/peft.js';
import type { Model } from '../models/contract.js';
import { initialWeights, randomWeights } from '../models/weights.js';
import { f32, type Tensor } from '../util/tensor.js';
import { UserError } from '../util/errors.js';
import { SafetensorsFile } from '../weights/safetensors.js';
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
export async function initialValues({ experiment, model, tuning, checkpoint }: InitialOptions): Promise<InitialValue> {
  const weights: ByName = experiment.init === 'random' ? randomWeights(model, experiment.train.seed) : initialWeights(model, experiment.model);
  const trained: ByName = experiment.finetuning === 'lora' ? adapterStart(experiment, tuning) : weights;
  const saved = checkpoint === null ? null : openCheckpoint(checkpoint);
  return ({ name, role, shape }) => {
    switch (role) {
      case 'frozen':
        return weights(name);
      case 'trainable':
        return saved ? saved.parameters(name) : trained(name);
      case 'moment':
        return saved ? saved.moments(name) : f32(shape);
      case 'gradient':
        return f32(shape);
    }
  };
}

/** A zero update to begin with (B is zero), or the adapter that is to be trained further. */
function adapterStart({ lora, train }: Pick<Experiment, 'lora' | 'train'>, tuning: Tuning): ByName {
  const specs = new Map(tuning.trainable.map((spec) => [spec.name, spec]));
  const given = lora.adapter_name_or_path === null ? null : readAdapter(lora.adapter_name_or_path).tensors;
  if (given) {
    for (const { name, shape } of tuning.trainable) {
      const tensor = given.get(name);
      if (tensor?.shape.join() !== shape.join()) {
        throw new UserError(
          `The adapter ${lora.adapter_name_or_path} ${tensor ? `has ${name} as [${tensor.shape.join(', ')}]` : `has no ${name}`}, but lora.r and lora.target_modules ask for [${shape.join(', ')}]; set them as in its adapter_config.json.`,
        );
      }
    }
  }
  return (name) => given?.get(name) ?? loraInitial(specs.get(name)!, train.seed);
}

function openCheckpoint(folder: string): { parameters: ByName; moments: ByName } {
  const adapter = join(folder, 'adapter_model.safetensors');
  const parameters = SafetensorsFile.open(existsSync(adapter) ? adapter : join(folder, 'model.safetensors'));
  const moments = SafetensorsFile.open(join(folder, 'optimizer.safetensors'));
  return { parameters: (name) => parameters.read(name), moments: (name) => moments.read(name) };
}
