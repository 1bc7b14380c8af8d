import { initialValue } from '../nn/parameter.js';
import type { Tensor } from '../util/tensor.js';
import { openWeights } from '../weights/folder.js';
import { matchTensors, type MatchRules } from '../weights/match.js';
import type { Model } from './contract.js';

/** A parameter's values by its Hugging Face name, read when asked for. */
export type ReadParameter = (name: string) => Tensor<'f32'>;

/** A folder's weights; all names and shapes are checked here, so that reading can only fail on the disk. Throws UserErrors. */
export function initialWeights(model: Model, folder: string): ReadParameter {
  const weights = openWeights(folder);
  const stored = matchTensors(weights, model.parameters, matchRules(model));
  return (name) => weights.read(known(stored.get(name), name));
}

/** How a file's tensors are held against a model's parameters. */
export function matchRules(model: Model): MatchRules {
  return {
    storedAs: (name) => model.storedAs(name),
    mayBeLeft: (tensor) => model.isDerived(tensor),
    advice: `are config.json and the weights of the same ${model.modelType} model?`,
  };
}

/** Random weights as Transformers draws them, a pure function of the seed. */
export function randomWeights(model: Model, seed: number): ReadParameter {
  const specs = new Map(model.parameters.map((spec) => [spec.name, spec]));
  return (name) => initialValue(known(specs.get(name), name), seed);
}

function known<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`the model has no parameter ${name}`);
  return value;
}
