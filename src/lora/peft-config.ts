/** `adapter_config.json`, as PEFT writes it and as it is read here. Source: peft/tuners/lora/config.py (0.21). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { LoraConfig } from '../config/schema.js';
import { messageOf, UserError } from '../util/errors.js';
import { adaptedLayers } from './layers.js';
import { adaptedModule } from './names.js';
import { endsIn, writtenTargets, type Adaptable } from './targets.js';
import { writtenModules } from './whole.js';

export const configFile = 'adapter_config.json';

/** Keys that change what is computed and are not built: anything but their neutral values is refused. */
const neutral = (...values: readonly unknown[]) =>
  z
    .unknown()
    .refine((value) => values.some((v) => JSON.stringify(v) === JSON.stringify(value)), { error: ({ input }) => `${JSON.stringify(input)} is not supported` })
    .optional();

/** `null` as PEFT writes what is not set. */
const orNull = <T extends z.ZodType>(schema: T, fallback: z.output<T>) => schema.nullish().transform((value) => value ?? fallback);

const names = z.union([z.string(), z.array(z.string())]);

const adapterSchema = z.object({
  peft_type: z.literal('LORA', { error: ({ input }) => `${String(input)} adapters are not supported, LORA is` }),
  r: z.int().min(1),
  lora_alpha: z.number().positive().default(8),
  lora_dropout: z.number().min(0).lt(1).default(0),
  use_rslora: z.boolean().default(false),
  use_dora: orNull(z.boolean(), false),
  target_modules: names.nullish(),
  exclude_modules: names.nullish(),
  layers_to_transform: z.union([z.int(), z.array(z.int())]).nullish(),
  rank_pattern: orNull(z.record(z.string(), z.int().min(1)), {}),
  alpha_pattern: orNull(z.record(z.string(), z.number().positive()), {}),
  modules_to_save: z.array(z.string()).nullish(),
  ensure_weight_tying: orNull(z.boolean(), false),
  bias: z.enum(['none', 'all', 'lora_only']).default('none'),
  task_type: z.string().nullish(),
  base_model_name_or_path: z.string().nullish(),
  lora_bias: neutral(null, false),
  use_qalora: neutral(null, false),
  use_bdlora: neutral(null, false),
  layer_replication: neutral(null, []),
  trainable_token_indices: neutral(null),
  target_parameters: neutral(null, []),
  init_lora_weights: neutral(true, false, 'gaussian', 'orthogonal'), // the others take what A and B begin with out of the base's weights, and change those
  alora_invocation_tokens: neutral(null),
  kasa_config: neutral(null),
  monteclora_config: neutral(null),
  velora_config: neutral(null),
  arrow_config: neutral(null),
});

export type StoredConfig = z.output<typeof adapterSchema>;

/** Throws a UserError where a folder has no such file, or what it says is not supported. */
export function readAdapterConfig(folder: string): StoredConfig {
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

/**
 * A stored config as an experiment would give it. Which modules are adapted is said by their names where those alone decide, but for
 * the names of no module, which PEFT passes over; else (a pattern, chosen layers, exclusions) by the modules that the adapter's tensors,
 * `stored`, are of.
 */
export function experimentConfig(config: StoredConfig, folder: string, stored: readonly string[]): LoraConfig {
  const { target_modules: targets, exclude_modules: excluded, layers_to_transform: layers } = config;
  const adapted = stored.flatMap((name) => adaptedModule(name) ?? []);
  const plain = Array.isArray(targets) && [excluded, layers].every((value) => value === undefined || value === null);
  const saved = config.modules_to_save?.filter((module) => stored.some((name) => name.includes(module))) ?? []; // of a classifier, PEFT lists all names that a head may have
  return {
    r: config.r,
    lora_alpha: config.lora_alpha,
    lora_dropout: config.lora_dropout,
    target_modules: plain ? targets.filter((name) => adapted.some((module) => endsIn(module, name))).sort() : adapted,
    exclude_modules: null,
    layers_to_transform: null,
    rank_pattern: config.rank_pattern,
    alpha_pattern: config.alpha_pattern,
    use_rslora: config.use_rslora,
    use_dora: config.use_dora,
    bias: config.bias,
    modules_to_save: saved.length > 0 ? saved : null,
    ensure_weight_tying: config.ensure_weight_tying,
    init_lora_weights: true,
    adapter_name_or_path: folder,
  };
}

/** PEFT's TaskType; it has none for masked words. */
const taskTypes: Readonly<Record<string, string>> = { 'next-token': 'CAUSAL_LM', 'target-text': 'SEQ_2_SEQ_LM', class: 'SEQ_CLS' };

/** As PEFT writes it, with the keys that say something. */
export function peftConfig(model: Adaptable, config: LoraConfig, baseModel: string): Record<string, unknown> {
  return {
    alpha_pattern: config.alpha_pattern,
    auto_mapping: null,
    base_model_name_or_path: baseModel,
    bias: config.bias,
    ensure_weight_tying: config.ensure_weight_tying,
    exclude_modules: config.exclude_modules,
    fan_in_fan_out: adaptedLayers(model, config).some(({ linear }) => !linear.transposeW), // GPT-2's Conv1D
    inference_mode: true,
    init_lora_weights: config.init_lora_weights,
    layer_replication: null,
    layers_pattern: null,
    layers_to_transform: config.layers_to_transform,
    lora_alpha: config.lora_alpha,
    lora_bias: false,
    lora_dropout: config.lora_dropout,
    modules_to_save: writtenModules(model, config),
    peft_type: 'LORA',
    r: config.r,
    rank_pattern: config.rank_pattern,
    revision: null,
    target_modules: writtenTargets(model, config),
    task_type: taskTypes[model.task] ?? null,
    use_dora: config.use_dora,
    use_rslora: config.use_rslora,
  };
}
