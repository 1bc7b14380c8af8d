import type { Experiment } from '../config/schema.js';
import { UserError } from '../util/errors.js';
import { readConfigFile, type RawConfig } from './config.js';
import type { Model } from './contract.js';
import { baichuan } from './families/baichuan.js';
import { bart } from './families/bart.js';
import { bert } from './families/bert.js';
import { bloom } from './families/bloom.js';
import { chatGlm } from './families/chatglm.js';
import { laterChatGlm } from './families/chatglm2.js';
import { gemma2 } from './families/gemma2.js';
import { gpt2 } from './families/gpt2.js';
import { llama } from './families/llama.js';
import { mistral } from './families/mistral.js';
import { gptNeox } from './families/neox.js';
import { phi } from './families/phi.js';
import { phi3 } from './families/phi3.js';
import { qwen2, qwen3 } from './families/qwen.js';
import { roberta } from './families/roberta.js';
import { checkStage, purposeOf, type Purpose } from './task.js';

/** Hugging Face `model_type` → the architecture that reads such a config. */
const architectures: Readonly<Record<string, (config: RawConfig, purpose: Purpose | null) => Model>> = {
  gpt2, llama, mistral, qwen2, qwen3, gemma2, phi3, phi, gpt_neox: gptNeox, bloom, baichuan, bert, roberta, bart,
  chatglm: (config) => ('padded_vocab_size' in config ? laterChatGlm(config) : chatGlm(config)),
};

export const supportedModelTypes: readonly string[] = Object.keys(architectures);

/** The model that a Hugging Face folder describes; weights are not looked at. Throws UserErrors. */
export function readModel(folder: string, purpose: Purpose | null = null): Model {
  return modelFromConfig(readConfigFile(folder), folder, purpose);
}

/** An experiment that names its classes: those of its model where it names none itself. */
export function withClasses<E extends Pick<Experiment, 'model' | 'stage' | 'dataset'>>(experiment: E): E {
  if (experiment.stage !== 'classify' || experiment.dataset.labels !== null) return experiment;
  const { classes } = readModel(experiment.model, purposeOf(experiment));
  return { ...experiment, dataset: { ...experiment.dataset, labels: [...classes] } };
}

/** The same from a config that is already read; `where` is named in errors. */
export function modelFromConfig(config: RawConfig, where: string, purpose: Purpose | null = null): Model {
  const { model_type: modelType, quantization_config: quantization } = config;
  if (typeof modelType !== 'string') throw new UserError(`config.json in ${where} has no model_type; supported are ${supportedModelTypes.join(', ')}.`);
  if (!Object.hasOwn(architectures, modelType)) {
    throw new UserError(`The model in ${where} is of type "${modelType}", which is not supported; supported are ${supportedModelTypes.join(', ')}.`);
  }
  if (quantization !== undefined && quantization !== null) {
    throw new UserError(`The weights in ${where} are quantised (quantization_config in config.json), which is not supported; use the model's unquantised version.`);
  }
  try {
    const model = architectures[modelType](config, purpose);
    if (purpose) checkStage(model, purpose);
    return model;
  } catch (cause) {
    if (cause instanceof UserError) throw new UserError(`config.json in ${where} cannot be used: ${cause.message}.`, { cause });
    throw cause;
  }
}

/** The same model where its embedding is not its head. UserError for a family that always ties the two. */
export function withOwnHead({ config, modelType }: Model): Model {
  const untied = modelFromConfig({ ...config, tie_word_embeddings: false }, `a ${modelType} model with a head of its own`);
  if (untied.tied !== null) throw new UserError(`In every ${modelType} model the embedding is the head: neither learns without the other. Set lora.ensure_weight_tying, or leave them out of lora.modules_to_save.`);
  return untied;
}
