/**
 * Adapter folders in PEFT's format: `adapter_config.json` and `adapter_model.safetensors`.
 * Source: peft/tuners/lora/config.py, peft/utils/save_and_load.py (0.21).
 */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { LoraConfig } from '../config/schema.js';
import type { ParameterSpec } from '../nn/parameter.js';
import { messageOf, UserError } from '../util/errors.js';
import type { Tensor } from '../util/tensor.js';
import { writeAtomically } from '../util/atomic.js';
import { matchTensors } from '../weights/match.js';
import { SafetensorsFile, writeSafetensors, type Weights } from '../weights/safetensors.js';
import { TorchFile } from '../weights/torch.js';
import { savedName } from './init.js';
import { targetLinears, targetNames, type Adaptable } from './targets.js';

const configFile = 'adapter_config.json';
const weightsFile = 'adapter_model.safetensors';

/** Keys that change what is computed and are not built: anything but their neutral values is refused. */
const neutral = (...values: readonly unknown[]) =>
  z
    .unknown()
    .refine((value) => values.some((v) => JSON.stringify(v) === JSON.stringify(value)), { error: ({ input }) => `${JSON.stringify(input)} is not supported` })
    .optional();

const adapterSchema = z.object({
  peft_type: z.literal('LORA', { error: ({ input }) => `${String(input)} adapters are not supported, LORA is` }),
  r: z.int().min(1),
  lora_alpha: z.number().positive().default(8),
  lora_dropout: z.number().min(0).lt(1).default(0),
  use_rslora: z.boolean().default(false),
  target_modules: z.union([z.string(), z.array(z.string())]).nullish(),
  exclude_modules: z.unknown().optional(),
  layers_to_transform: z.unknown().optional(),
  task_type: z.string().nullish(),
  base_model_name_or_path: z.string().nullish(),
  bias: neutral('none'),
  rank_pattern: neutral(null, {}),
  alpha_pattern: neutral(null, {}),
  use_dora: neutral(null, false),
  lora_bias: neutral(null, false),
  use_qalora: neutral(null, false),
  use_bdlora: neutral(null, false),
  modules_to_save: z.array(z.string()).nullish(), // whole modules; what they are of is checked by their tensors
  layer_replication: neutral(null, []),
  trainable_token_indices: neutral(null),
  target_parameters: neutral(null, []),
  init_lora_weights: neutral(true, false, 'gaussian'), // the others take what A and B begin with out of the base's weights
  alora_invocation_tokens: neutral(null),
  kasa_config: neutral(null),
  monteclora_config: neutral(null),
  velora_config: neutral(null),
  arrow_config: neutral(null),
});

export interface Adapter {
  readonly folder: string;
  /** Its own settings, as an experiment would give them. */
  readonly config: LoraConfig;
  readonly taskType: string | null;
  readonly baseModel: string | null;
  /** By PEFT's saved names (`savedName`). */
  readonly tensors: ReadonlyMap<string, Tensor<'f32'>>;
}

/** Reads a folder that PEFT or this program wrote; throws a UserError where something in it is not supported or damaged. */
export function readAdapter(folder: string): Adapter {
  const config = readAdapterConfig(folder);
  const weights = openAdapterWeights(folder);
  const tensors = new Map(weights.names.map((name) => [name, weights.read(name)]));
  return {
    folder,
    config: {
      r: config.r,
      lora_alpha: config.lora_alpha,
      lora_dropout: config.lora_dropout,
      use_rslora: config.use_rslora,
      target_modules: adaptedModules(config, weights.names),
      adapter_name_or_path: folder,
    },
    taskType: config.task_type ?? null,
    baseModel: config.base_model_name_or_path ?? null,
    tensors,
  };
}

/** Throws a UserError unless the folder's tensors are exactly the adapter's that `parameters` describe, such as those of `adapt`. */
export function checkAdapter(folder: string, parameters: readonly ParameterSpec[], config: Pick<LoraConfig, 'lora_alpha' | 'use_rslora'>): void {
  const stored = readAdapterConfig(folder);
  for (const key of ['lora_alpha', 'use_rslora'] as const) {
    if (stored[key] !== config[key]) throw new UserError(`The adapter in ${folder} was made with lora.${key} ${stored[key]}, not ${config[key]}; set it so to go on from it.`);
  }
  matchTensors(openAdapterWeights(folder), parameters.map(({ name, shape }) => ({ name: savedName(name), shape })), {
    storedAs: (name) => [name],
    mayBeLeft: () => false,
    advice: `lora.r and lora.target_modules must be those of its ${configFile}, and the model the one it was made for.`,
  });
}

export interface AdapterOutput {
  readonly model: Adaptable;
  readonly config: LoraConfig;
  /** Where the base model is; PEFT looks there when it loads the adapter by itself. */
  readonly baseModel: string;
  readonly parameters: readonly ParameterSpec[];
  read(name: string): Tensor<'f32'> | Promise<Tensor<'f32'>>;
}

/** Writes both files, each whole or not at all; PEFT loads the folder unchanged. */
export async function writeAdapter(folder: string, { model, config, baseModel, parameters, read }: AdapterOutput): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = new Map(parameters.map(({ name }) => [savedName(name), name]));
  await writeSafetensors(join(folder, weightsFile), parameters.map(({ name, shape }) => ({ name: savedName(name), shape })), (name) => read(names.get(name)!));
  const text = JSON.stringify(peftConfig(model, config, baseModel), null, 2);
  await writeAtomically(join(folder, configFile), (write) => write(Buffer.from(`${text}\n`)));
}

/** PEFT's TaskType; it has none for masked words. */
const taskTypes: Readonly<Record<string, string>> = { 'next-token': 'CAUSAL_LM', 'target-text': 'SEQ_2_SEQ_LM', class: 'SEQ_CLS' };

/** `adapter_config.json` as PEFT writes it, with the keys that say something. */
function peftConfig(model: Adaptable, config: LoraConfig, baseModel: string): Record<string, unknown> {
  return {
    alpha_pattern: {},
    auto_mapping: null,
    base_model_name_or_path: baseModel,
    bias: 'none',
    exclude_modules: null,
    fan_in_fan_out: targetLinears(model, config).some(({ transposeW }) => !transposeW), // GPT-2's Conv1D
    inference_mode: true,
    init_lora_weights: true,
    layer_replication: null,
    layers_pattern: null,
    layers_to_transform: null,
    lora_alpha: config.lora_alpha,
    lora_bias: false,
    lora_dropout: config.lora_dropout,
    modules_to_save: model.headModules.length > 0 ? model.headModules : null,
    peft_type: 'LORA',
    r: config.r,
    rank_pattern: {},
    revision: null,
    target_modules: targetNames(model, config),
    task_type: taskTypes[model.task] ?? null,
    use_dora: false,
    use_rslora: config.use_rslora,
  };
}

function readAdapterConfig(folder: string): z.output<typeof adapterSchema> {
  const path = join(folder, configFile);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new UserError(`${folder} is no adapter folder: its ${configFile} cannot be read (${messageOf(cause)}).`, { cause });
  }
  const result = adapterSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new UserError(`The adapter in ${folder} cannot be used: ${issue.path.join('.')} in ${configFile}: ${issue.message}.`);
}

function openAdapterWeights(folder: string): Weights {
  const older = join(folder, 'adapter_model.bin'); // PEFT before 0.7
  return !existsSync(join(folder, weightsFile)) && existsSync(older) ? TorchFile.open(older) : SafetensorsFile.open(join(folder, weightsFile));
}

/**
 * The names in the config where they alone decide; else (a pattern, chosen layers, exclusions) the modules that
 * the adapter's tensors are of.
 */
function adaptedModules({ target_modules: targets, exclude_modules, layers_to_transform }: z.output<typeof adapterSchema>, names: readonly string[]): string[] {
  const plain = Array.isArray(targets) && [exclude_modules, layers_to_transform].every((value) => value === undefined || value === null);
  if (plain) return [...targets].sort();
  return names.flatMap((name) => /^base_model\.model\.(.+)\.lora_A\.weight$/.exec(name)?.slice(1) ?? []);
}
