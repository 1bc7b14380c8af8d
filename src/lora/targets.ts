/**
 * Which linear maps of a model an adapter changes, by PEFT's rules.
 * Source: check_target_module_exists in peft/tuners/tuners_utils.py (0.21).
 */
import type { LoraConfig } from '../config/schema.js';
import type { Linear } from '../nn/layers.js';
import type { ParameterSpec } from '../nn/parameter.js';
import { UserError } from '../util/errors.js';
import { isFullMatch } from './pattern.js';

/** What an adapter has to know of a model. */
export interface Adaptable {
  readonly modelType: string;
  readonly parameters: readonly ParameterSpec[];
  readonly linears: readonly Linear[];
  readonly loraTargets: readonly string[];
  /** What its head predicts. */
  readonly task: string;
  /** Modules that are trained whole beside the adapter. */
  readonly headModules: readonly string[];
  /** The parameter that is embedding and head in one, and what the head's would be called; null where they are two. */
  readonly tied: Tie | null;
}

export interface Tie {
  readonly embedding: string;
  readonly head: string;
}

export type Targets = Pick<LoraConfig, 'target_modules' | 'exclude_modules' | 'layers_to_transform' | 'modules_to_save'>;

type Rule = (module: string) => boolean;

/** The linear maps that are adapted, in the model's order. UserError where a name or all of a pattern matches nothing. */
export function targetLinears(model: Adaptable, config: Targets): Linear[] {
  const targets = targetModules(model, config);
  const matches = targets === null ? null : ruleOf(targets);
  if (Array.isArray(targets)) {
    const idle = targets.find((name) => !model.linears.some(({ module }) => endsIn(module, name)));
    if (idle !== undefined) throw new UserError(`lora.target_modules: "${idle}" ${noLinear(model)}.`);
  } else if (matches !== null && !model.linears.some(({ module }) => matches(module))) {
    throw new UserError(`lora.target_modules: as a pattern of whole names "${String(targets)}" ${noLinear(model)}, or a list of names: [${shortNames(model).slice(0, 2).join(', ')}].`);
  }
  const excluded = config.exclude_modules === null ? () => false : ruleOf(config.exclude_modules);
  if (Array.isArray(config.exclude_modules)) {
    const idle = config.exclude_modules.find((name) => !model.linears.some(({ module }) => endsIn(module, name)));
    if (idle !== undefined) throw new UserError(`lora.exclude_modules: "${idle}" ${noLinear(model)}.`);
  }
  checkLayers(model, config);
  const inLayers = layerRule(config, targets);
  const chosen = model.linears.filter(({ module }) => (matches?.(module) ?? true) && inLayers(module) && !excluded(module) && !isSavedWhole(module, config));
  if (chosen.length === 0) {
    throw new UserError('lora.exclude_modules, lora.layers_to_transform and lora.modules_to_save leave no linear map that lora.target_modules asks for: there is nothing to adapt.');
  }
  return chosen;
}

/** `target_modules` as it stands in an adapter's config: names, or a pattern of whole names. Null: every linear map there is. */
function targetModules(model: Adaptable, { target_modules: targets }: Targets): readonly string[] | string | null {
  return targets === 'auto' ? model.loraTargets : targets === 'all-linear' ? null : targets;
}

/** The same without that word. */
export function writtenTargets(model: Adaptable, config: Targets): readonly string[] | string {
  return targetModules(model, config) ?? shortNames(model);
}

/** Whether a module is one that PEFT would put into `modules_to_save`, or a part of one. */
export function isSavedWhole(module: string, { modules_to_save: saved }: Pick<LoraConfig, 'modules_to_save'>): boolean {
  return saved !== null && ancestors(module).some((each) => saved.some((name) => each.endsWith(name)));
}

/** A module and those it lies in, outermost first: a, a.b, a.b.c */
export function ancestors(module: string): string[] {
  const parts = module.split('.');
  return parts.map((_, i) => parts.slice(0, i + 1).join('.'));
}

function ruleOf(targets: readonly string[] | string): Rule {
  return typeof targets === 'string' ? (module) => isFullMatch(targets, module) : (module) => targets.some((name) => endsIn(module, name));
}

function checkLayers(model: Adaptable, { layers_to_transform: layers }: Targets): void {
  const there = model.linears.flatMap(({ module }) => layerOf(module) ?? []);
  const missing = [layers ?? []].flat().find((layer) => !there.includes(layer));
  if (missing !== undefined && there.length > 0) throw new UserError(`lora.layers_to_transform: there is no block ${missing}; this model has blocks 0 to ${Math.max(...there)}.`);
}

/** The first number in a module's name; null outside of any block. */
function layerOf(module: string): number | null {
  const layer = /^.*?\.[^.]*\.(\d+)\./.exec(module)?.[1];
  return layer === undefined ? null : Number(layer);
}

/** A module that a name spells whole needs to be in none. */
function layerRule({ layers_to_transform: layers }: Targets, targets: readonly string[] | string | null): Rule {
  if (layers === null) return () => true;
  if (typeof targets === 'string') throw new UserError('lora.layers_to_transform goes with names in lora.target_modules, not with a pattern: say the layers in the pattern.');
  const wanted = new Set(typeof layers === 'number' ? [layers] : layers);
  return (module) => {
    const layer = layerOf(module);
    return targets?.includes(module) === true || (layer !== null && wanted.has(layer));
  };
}

/** A name matches a module that is it, or ends in a dot and it. */
export function endsIn(module: string, name: string): boolean {
  return module === name || module.endsWith(`.${name}`);
}

function noLinear(model: Adaptable): string {
  return `is no linear map of this ${model.modelType} model; choose among ${shortNames(model).join(', ')}, or all-linear`;
}

/** The last parts of the modules' names. */
function shortNames(model: Adaptable): string[] {
  return [...new Set(model.linears.map(({ module }) => module.slice(module.lastIndexOf('.') + 1)))];
}
