import { initialValue } from '../nn/parameter.js';
import type { Tensor } from '../util/tensor.js';
import { openWeights } from '../weights/folder.js';
import { matchTensors, type MatchRules } from '../weights/match.js';
import type { Model } from './contract.js';

/** A parameter's values by its Hugging Face name, read when asked for. */
export type ReadParameter = (name: string) => Tensor<'f32'>;

/**
 * A folder's weights; all names and shapes are checked here, so that reading can only fail on the disk. What a file
 * made for another task lacks begins at random, always in the same way, since what is not trained of it is not saved with
 * an adapter either. Throws UserErrors.
 */
export function initialWeights(model: Model, folder: string): ReadParameter {
  const weights = openWeights(folder);
  const stored = matchTensors(weights, model.parameters, matchRules(model));
  const random = randomWeights(model, 0);
  return (name) => {
    const place = stored.get(name);
    return place === undefined ? random(name) : weights.read(place);
  };
}

/** Parameters that a folder has no values for, and which begin at random. */
export function lackingParameters(model: Model, folder: string): string[] {
  const stored = matchTensors(openWeights(folder), model.parameters, matchRules(model));
  return model.parameters.flatMap(({ name, constant }) => (stored.has(name) || constant ? [] : [name]));
}

/** How a file's tensors are held against a model's parameters. */
export function matchRules(model: Model): MatchRules {
  const constants = new Set(model.parameters.flatMap(({ name, constant }) => (constant ? [name] : [])));
  return {
    storedAs: (name) => model.storedAs(name),
    mayBeLeft: (tensor) => model.isDerived(tensor),
    mayLack: (name) => isOf(model.newModules, name) || constants.has(name),
    advice: `are config.json and the weights of the same ${model.modelType} model?`,
  };
}

/** Whether a parameter is of one of these modules. */
export function isOf(modules: readonly string[], parameter: string): boolean {
  return modules.some((module) => parameter.startsWith(`${module}.`));
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
