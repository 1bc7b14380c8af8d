/** What every engine checks before it computes: that it was given what the program declares, and no more. */
import { bindShape, type Bindings } from '../graph/dims.js';
import type { Fn, Program, Variable } from '../graph/node.js';
import { messageOf } from '../util/errors.js';
import { sizeOf, type Tensor } from '../util/tensor.js';

/**
 * The symbols' values for one call. Throws where an input is missing, unknown, of another type or of a
 * shape that contradicts the others.
 */
export function bindFeeds(fn: Fn, feeds: Readonly<Record<string, Tensor>>): Bindings {
  const declared = new Set(fn.inputs.map(({ attrs }) => attrs.name));
  const extra = Object.keys(feeds).filter((name) => !declared.has(name));
  if (extra.length > 0) throw new Error(`${fn.name} has no input ${extra.join(', ')}; it has ${[...declared].join(', ')}`);
  const bindings: Record<string, number> = {};
  // A second round checks the dimensions whose symbols got their values later in the first: P+T before P.
  for (const { attrs, shape, dtype } of [...fn.inputs, ...fn.inputs]) {
    const feed = feeds[attrs.name];
    if (feed === undefined) throw new Error(`${fn.name} needs the input ${attrs.name}`);
    try {
      checkType({ dtype, shape: feed.shape }, feed);
      bindShape(shape, feed.shape, bindings);
    } catch (cause) {
      throw new Error(`input ${attrs.name} of ${fn.name}: ${messageOf(cause)}`, { cause });
    }
  }
  return bindings;
}

/** Throws where a value cannot become the variable's. */
export function checkVariable(variable: Variable, value: Tensor): void {
  try {
    checkType(variable, value);
  } catch (cause) {
    throw new Error(`variable ${variable.name}: ${messageOf(cause)}`, { cause });
  }
}

export function functionOf(program: Program, name: string): Fn {
  const fn = program.functions[name];
  if (fn === undefined) throw new Error(`the program has no function ${name}; it has ${Object.keys(program.functions).join(', ')}`);
  return fn;
}

function checkType({ dtype, shape }: Pick<Variable, 'dtype' | 'shape'>, value: Tensor): void {
  if (value.dtype !== dtype) throw new Error(`${value.dtype} where ${dtype} is wanted`);
  if (value.shape.join() !== shape.join()) throw new Error(`shape [${value.shape.join(', ')}] where [${shape.join(', ')}] is wanted`);
  if (value.data.length !== sizeOf(value.shape)) throw new Error(`${value.data.length} elements for [${value.shape.join(', ')}]`);
}
