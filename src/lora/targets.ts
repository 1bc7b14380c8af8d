/** Which linear maps of a model an adapter changes, by PEFT's rules. */
import type { LoraConfig } from '../config/schema.js';
import type { Linear } from '../nn/layers.js';
import { UserError } from '../util/errors.js';

/** What an adapter has to know of a model. */
export interface Adaptable {
  readonly modelType: string;
  readonly linears: readonly Linear[];
  readonly loraTargets: readonly string[];
  /** What its head predicts. */
  readonly task: string;
  /** Modules that are trained whole beside the adapter. */
  readonly headModules: readonly string[];
}

type Targets = Pick<LoraConfig, 'target_modules'>;

/**
 * The linear maps that are adapted, in the model's order. A name matches a module that is it, or ends in a dot and it (PEFT:
 * check_target_module_exists); UserError where one matches nothing.
 */
export function targetLinears(model: Adaptable, config: Targets): Linear[] {
  const names = targetNames(model, config);
  const matches = (name: string, { module }: Linear) => module === name || module.endsWith(`.${name}`);
  const idle = names.find((name) => !model.linears.some((layer) => matches(name, layer)));
  if (idle !== undefined) {
    throw new UserError(`lora.target_modules: "${idle}" is no linear map of this ${model.modelType} model; choose among ${shortNames(model).join(', ')}, or all-linear.`);
  }
  return model.linears.filter((layer) => names.some((name) => matches(name, layer)));
}

/** `target_modules` as a list, as it stands in an adapter's config. */
export function targetNames(model: Adaptable, { target_modules: targets }: Targets): readonly string[] {
  return targets === 'auto' ? model.loraTargets : targets === 'all-linear' ? shortNames(model) : targets;
}

/** The last parts of the modules' names. */
function shortNames(model: Adaptable): string[] {
  return [...new Set(model.linears.map(({ module }) => module.slice(module.lastIndexOf('.') + 1)))];
}
