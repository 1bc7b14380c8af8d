/**
 * Adapter folders in PEFT's format: `adapter_config.json` and `adapter_model.safetensors`.
 * Source: peft/utils/save_and_load.py (0.21).
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoraConfig } from '../config/schema.js';
import type { ParameterSpec } from '../nn/parameter.js';
import { UserError } from '../util/errors.js';
import type { Tensor } from '../util/tensor.js';
import { writeAtomically } from '../util/atomic.js';
import { matchTensors } from '../weights/match.js';
import { SafetensorsFile, writeSafetensors, type Weights } from '../weights/safetensors.js';
import { TorchFile } from '../weights/torch.js';
import { adaptedLayers, scaleOf, type Strength } from './layers.js';
import { adaptedModule, readName, savedName, writtenName } from './names.js';
import { configFile, experimentConfig, peftConfig, readAdapterConfig, type StoredConfig } from './peft-config.js';
import type { Adaptable } from './targets.js';
import { keptTie } from './whole.js';

const weightsFile = 'adapter_model.safetensors';

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
  const tensors = new Map(weights.names.flatMap((stored) => {
    const name = readName(stored);
    return name === null ? [] : [[name, weights.read(stored)] as const];
  }));
  return {
    folder,
    config: experimentConfig(config, folder, weights.names),
    taskType: config.task_type ?? null,
    baseModel: config.base_model_name_or_path ?? null,
    tensors,
  };
}

/** What an adapter's tensors do not say of themselves: what their scales are made of. */
const decisive = ['lora_alpha', 'use_rslora', 'alpha_pattern'] as const satisfies readonly (keyof Strength)[];

/** Throws a UserError unless the folder's tensors are exactly the adapter's that `parameters` describe, such as those of `adapt`. */
export function checkAdapter(folder: string, parameters: readonly ParameterSpec[], config: Strength): void {
  const stored = readAdapterConfig(folder);
  const isScaledAlike = parameters.every(({ name, shape: [rank] }) => {
    const module = adaptedModule(name);
    return module === null || scaleOf(stored, module, rank) === scaleOf(config, module, rank);
  });
  for (const key of isScaledAlike ? [] : decisive) {
    const [theirs, ours] = [JSON.stringify(stored[key]), JSON.stringify(config[key])];
    if (theirs !== ours) throw new UserError(`The adapter in ${folder} was made with lora.${key} ${theirs}, not ${ours}; set it so to go on from it.`);
  }
  const weights = openAdapterWeights(folder);
  const storedAs = new Map(weights.names.map((name) => [readName(name), name]));
  matchTensors(weights, parameters.map(({ name, shape }) => ({ name: savedName(name), shape })), {
    storedAs: (name) => [storedAs.get(name) ?? name],
    mayBeLeft: (name) => readName(name) === null || isCopy(name, stored),
    advice: `lora.r and lora.target_modules must be those of its ${configFile}, as must use_dora, bias and modules_to_save, and the model the one it was made for.`,
  });
}

/** What PEFT stores twice, under the name of each module that has it: a kept tie, and with all biases that of a head of words. */
function isCopy(stored: string, { ensure_weight_tying: tied, bias }: StoredConfig): boolean {
  return !/\.lora_\w+(\.weight)?$/.test(stored) && (tied || (bias === 'all' && stored.endsWith('.bias')));
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
  const adapted = new Set(adaptedLayers(model, config).map(({ linear }) => linear.module));
  const written = new Map(parameters.map((parameter) => [writtenName(parameter.name, (module) => adapted.has(module)), parameter]));
  const kept = keptTie(model, config);
  const embedding = parameters.find(({ name }) => name === kept?.embedding);
  if (kept && embedding) written.set(savedName(kept.head), embedding);
  await writeSafetensors(join(folder, weightsFile), [...written].map(([name, { shape }]) => ({ name, shape })), (name) => read(written.get(name)!.name));
  const text = JSON.stringify(peftConfig(model, config, baseModel), null, 2);
  await writeAtomically(join(folder, configFile), (write) => write(Buffer.from(`${text}\n`)));
}

/** The adapter's tensors alone, by saved name, read when asked for: of a checkpoint, which may be large. */
export function openAdapterTensors(folder: string): (name: string) => Tensor<'f32'> {
  const weights = openAdapterWeights(folder);
  const storedAs = new Map(weights.names.map((name) => [readName(name), name]));
  return (name) => weights.read(storedAs.get(name) ?? name);
}

function openAdapterWeights(folder: string): Weights {
  const older = join(folder, 'adapter_model.bin'); // PEFT before 0.7
  return !existsSync(join(folder, weightsFile)) && existsSync(older) ? TorchFile.open(older) : SafetensorsFile.open(join(folder, weightsFile));
}
