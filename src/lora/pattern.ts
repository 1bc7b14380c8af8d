/** Module names against patterns as PEFT writes them: Python's regular expressions. */
import { messageOf, UserError } from '../util/errors.js';

/** Python's `re.fullmatch`: whether all of `text` is what the pattern says. UserError where it is none that can be read here. */
export function isFullMatch(pattern: string, text: string): boolean {
  return expression(`^(?:${pattern})$`, pattern).test(text);
}

/**
 * The value of the first key that is the end of a module's name, or a pattern of it (PEFT: `get_pattern_key`); null where there is
 * none: `{"layers.0.self_attn.q_proj": 16, "^model.layers.1.*": 4}`.
 */
export function patternValue(values: Readonly<Record<string, number>>, module: string): number | null {
  const found = Object.entries(values).find(([key]) => expression(`^(?:.*\\.)?(?:${key})$`, key).test(module));
  return found?.[1] ?? null;
}

function expression(source: string, shown: string): RegExp {
  try {
    return new RegExp(source.replaceAll('(?P<', '(?<')); // a named group
  } catch (cause) {
    throw new UserError(`"${shown}" is no pattern of module names (${messageOf(cause)}); write names, or a regular expression.`, { cause });
  }
}
