import { UserError } from '../util/errors.js';
import { readConfigFile, type RawConfig } from './config.js';
import type { Model } from './contract.js';
import { gemma2 } from './gemma2.js';
import { gpt2 } from './gpt2.js';
import { llama } from './llama.js';
import { mistral } from './mistral.js';
import { gptNeox } from './neox.js';
import { phi } from './phi.js';
import { phi3 } from './phi3.js';
import { qwen2, qwen3 } from './qwen.js';

/** Hugging Face `model_type` → the architecture that reads such a config. */
const architectures: Readonly<Record<string, (config: RawConfig) => Model>> = {
  gpt2, llama, mistral, qwen2, qwen3, gemma2, phi3, phi, gpt_neox: gptNeox,
};

export const supportedModelTypes: readonly string[] = Object.keys(architectures);

/** The model that a Hugging Face folder describes; weights are not looked at. Throws UserErrors. */
export function readModel(folder: string): Model {
  return modelFromConfig(readConfigFile(folder), folder);
}

/** The same from a config that is already read; `where` is named in errors. */
export function modelFromConfig(config: RawConfig, where: string): Model {
  const { model_type: modelType, quantization_config: quantization } = config;
  if (typeof modelType !== 'string') throw new UserError(`config.json in ${where} has no model_type; supported are ${supportedModelTypes.join(', ')}.`);
  if (!Object.hasOwn(architectures, modelType)) {
    throw new UserError(`The model in ${where} is of type "${modelType}", which is not supported; supported are ${supportedModelTypes.join(', ')}.`);
  }
  if (quantization !== undefined && quantization !== null) {
    throw new UserError(`The weights in ${where} are quantised (quantization_config in config.json), which is not supported; use the model's unquantised version.`);
  }
  try {
    return architectures[modelType](config);
  } catch (cause) {
    if (cause instanceof UserError) throw new UserError(`config.json in ${where} cannot be used: ${cause.message}.`, { cause });
    throw cause;
  }
}
