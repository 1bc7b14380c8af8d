/** What PEFT calls parameters in an adapter's file. Source: peft/utils/save_and_load.py, get_peft_model_state_dict (0.21). */

const root = 'base_model.model.';

/** The name of an adapter's own parameter of a module: `lora_A.weight` of `model.layers.0.mlp.up_proj`. */
export function adapterName(module: string, part: string): string {
  return `${root}${module}.${part}`;
}

/** The adapter's own parameters bear their saved name already; those of the model that learn beside it have it before theirs. */
export function savedName(parameter: string): string {
  return isOwn(parameter) ? parameter : `${root}${parameter}`;
}

/** Whether a parameter is the adapter's own, and not one of the model's. */
export function isOwn(parameter: string): boolean {
  return parameter.startsWith(root);
}

/** As PEFT writes it now: an adapted module's bias is inside what it wraps. */
export function writtenName(parameter: string, isAdapted: (module: string) => boolean): string {
  const module = /^(.*)\.bias$/.exec(parameter)?.[1];
  return module !== undefined && isAdapted(module) ? `${root}${module}.base_layer.bias` : savedName(parameter);
}

/** The module that a stored tensor adapts, where it is its A; else null. */
export function adaptedModule(stored: string): string | null {
  return /^base_model\.model\.(.+)\.lora_A\.weight$/.exec(stored)?.[1] ?? null;
}

/** The saved name of a tensor of any version's file; null for a copy that nothing reads: what is inside the wrapper of a module that learns whole. */
export function readName(stored: string): string | null {
  if (/\.(original_module|modules_to_save)\./.test(stored)) return null;
  return stored.replace(/\.base_layer\.bias$/, '.bias');
}
