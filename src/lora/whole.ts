/**
 * What of a model's own parameters learns whole beside an adapter: `modules_to_save`, a new head, `bias`.
 * Source: peft/utils/other.py (ModulesToSaveWrapper), peft/tuners/tuners_utils.py (_mark_only_adapters_as_trainable, 0.21).
 *
 * PEFT trains a copy of a module. Where embedding and head are one matrix, the copy is of one of the two, and they are two from
 * then on; with `ensure_weight_tying` both are the copy.
 */
import type { LoraConfig } from '../config/schema.js';
import type { ParameterSpec } from '../nn/parameter.js';
import { UserError } from '../util/errors.js';
import { ancestors, isSavedWhole, type Adaptable, type Tie } from './targets.js';

export interface WholeParameters {
  readonly trainable: readonly ParameterSpec[];
  readonly frozen: readonly ParameterSpec[];
  /** The tie that the adapter undoes: the head is a parameter of its own, which begins as the embedding is. */
  readonly untied: Tie | null;
}

/** `adapted`: the modules with an adapter. UserError where a name is of nothing. */
export function wholeParameters(model: Adaptable, config: LoraConfig, adapted: ReadonlySet<string>): WholeParameters {
  checkNames(model, config);
  const untied = untiedBy(model, config);
  const embedding = untied && model.parameters.find(({ name }) => name === untied.embedding);
  const parameters = embedding && untied ? [...model.parameters, { ...embedding, name: untied.head }] : model.parameters;
  const learns = ({ name, constant }: ParameterSpec): boolean => constant !== true && (isOfHead(model, name) || savesWhole(model, config, name) || learnsBias(config, name, adapted));
  return { trainable: parameters.filter(learns), frozen: parameters.filter((parameter) => !learns(parameter)), untied };
}

/** The tie of embedding and head that an adapter undoes by training one of them, or both, as modules of their own. */
export function untiedBy({ tied, task, modelType }: Adaptable, config: LoraConfig): Tie | null {
  if (tied === null || config.ensure_weight_tying) return null;
  if (![tied.embedding, tied.head].some((name) => isSavedWhole(moduleOf(name), config))) return null;
  if (task !== 'next-token') throw new UserError(`lora.modules_to_save: the embedding of this ${modelType} model is its head too, and only models of the next word can learn one without the other; set lora.ensure_weight_tying.`);
  return tied;
}

/** The tie of an embedding that learns whole and stays the head: PEFT stores it under both names. */
export function keptTie({ tied }: Pick<Adaptable, 'tied'>, config: LoraConfig): Tie | null {
  return tied !== null && config.ensure_weight_tying && [tied.embedding, tied.head].some((name) => isSavedWhole(moduleOf(name), config)) ? tied : null;
}

/** `modules_to_save` as it stands in an adapter's config: a tie that is kept goes by its embedding's whole name, and a new head is among them. */
export function writtenModules(model: Adaptable, config: LoraConfig): string[] | null {
  const kept = keptTie(model, config);
  const named = config.modules_to_save ?? [];
  const others = kept === null ? named : named.filter((name) => modulesOf(model).some((module) => module.endsWith(name) && ![kept.embedding, kept.head].map(moduleOf).includes(module)));
  const all = [...new Set([...others, ...(kept ? [moduleOf(kept.embedding)] : []), ...model.headModules])];
  return all.length > 0 ? all : null;
}

function savesWhole(model: Adaptable, config: LoraConfig, name: string): boolean {
  return isSavedWhole(moduleOf(name), config) || keptTie(model, config)?.embedding === name;
}

function learnsBias({ bias }: Pick<LoraConfig, 'bias'>, name: string, adapted: ReadonlySet<string>): boolean {
  return bias !== 'none' && name.endsWith('.bias') && (bias === 'all' || adapted.has(moduleOf(name)));
}

function isOfHead({ headModules }: Adaptable, name: string): boolean {
  return headModules.some((module) => name.startsWith(`${module}.`));
}

function checkNames(model: Adaptable, { modules_to_save: saved }: LoraConfig): void {
  const { modelType, headModules } = model;
  const modules = modulesOf(model);
  const idle = saved?.find((name) => !modules.some((module) => module.endsWith(name)) && !headModules.includes(name));
  if (idle === undefined) return;
  const names = [...new Set(modules.map((module) => module.slice(module.lastIndexOf('.') + 1)))].filter((name) => !/^\d+$/.test(name));
  throw new UserError(`lora.modules_to_save: "${idle}" is no module of this ${modelType} model; choose among ${names.join(', ')}.`);
}

/** Every module that has parameters, or has modules that do. */
function modulesOf({ parameters, tied }: Adaptable): string[] {
  return [...new Set([...parameters.map(({ name }) => name), ...(tied ? [tied.head] : [])].flatMap((name) => ancestors(moduleOf(name))))];
}

function moduleOf(parameter: string): string {
  return parameter.slice(0, parameter.lastIndexOf('.'));
}
