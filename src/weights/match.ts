import { UserError } from '../util/errors.js';
import type { Weights } from './safetensors.js';

export interface Wanted {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface MatchRules {
  /** Names under which a file may hold a tensor, the usual one first. */
  storedAs(name: string): readonly string[];
  /** A file's tensor that nobody has to want. */
  mayBeLeft(stored: string): boolean;
  /** A wanted tensor that a file need not have. */
  mayLack?(name: string): boolean;
  /** What to try when they do not match. */
  readonly advice: string;
}

/**
 * Wanted name → name in the file, of those that are in it. Throws a UserError with name and shapes where one is missing, has another
 * shape, or is left over: a file that fits by accident would train something else.
 */
export function matchTensors(weights: Weights, wanted: readonly Wanted[], rules: MatchRules): Map<string, string> {
  const left = new Set(weights.names);
  const matched = new Map<string, string>();
  for (const { name, shape } of wanted) {
    const stored = rules.storedAs(name).find((candidate) => left.has(candidate));
    if (stored === undefined && rules.mayLack?.(name) === true) continue;
    if (stored === undefined) throw new UserError(`${weights.path} has no tensor ${name} [${shape.join(', ')}]; ${rules.advice}`);
    const found = weights.info(stored).shape;
    if (found.join() !== shape.join()) {
      throw new UserError(`${stored} in ${weights.path} has shape [${found.join(', ')}] where [${shape.join(', ')}] is wanted; ${rules.advice}`);
    }
    left.delete(stored);
    matched.set(name, stored);
  }
  const [stray] = [...left].filter((name) => !rules.mayBeLeft(name));
  if (stray !== undefined) throw new UserError(`${weights.path} has a tensor ${stray} that has no place here; ${rules.advice}`);
  return matched;
}
