/** `key=value`, as `--set` takes it. */
import { parse } from 'yaml';
import { messageOf, UserError } from '../util/errors.js';
import { checkKey } from './keys.js';
import { knobOf } from './limits.js';

export interface Assignment {
  /** Dotted; there is such a key. */
  readonly key: string;
  readonly value: unknown;
  /** As it was typed. */
  readonly text: string;
}

/** Throws a UserError that begins with what was typed. */
export function parseAssignment(text: string): Assignment {
  const at = text.indexOf('=');
  if (at < 1) throw new UserError(`--set ${text}: write key=value, for example --set lora.r=16`);
  const key = text.slice(0, at).trim();
  try {
    const typed = text.slice(at + 1);
    checkKey(key, guessed(typed));
    return { key, value: parseValue(key, typed), text };
  } catch (error) {
    if (error instanceof UserError) throw new UserError(`--set ${text}: ${error.message}`);
    throw error;
  }
}

/** The last assignment that set a key, or what holds it, as typed; null when none did. */
export function placeOfAssignment(assignments: readonly Assignment[], path: readonly PropertyKey[]): string | null {
  const key = path.join('.');
  const found = assignments.findLast((assignment) => key === assignment.key || key.startsWith(`${assignment.key}.`));
  return found === undefined ? null : `--set ${found.text}`;
}

/** What a text says as YAML, of a key that may be none of ours; the text itself where it is no YAML. */
export function guessed(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return text;
  }
}

/** The value of a knob as it is typed: YAML, but a text needs no quotes. Throws a UserError when it cannot be read. */
export function parseValue(key: string, text: string): unknown {
  const knob = knobOf(key);
  const wantsText = knob?.kind === 'text' || (knob?.kind === 'map' && !knob.numeric);
  try {
    const value: unknown = parse(text);
    return wantsText && value !== null && typeof value !== 'string' && typeof value !== 'object' ? text : value;
  } catch (error) {
    if (knob?.kind === 'text') return text;
    throw new UserError(`\`${key}\` cannot be ${JSON.stringify(text)}: ${messageOf(error).split('\n')[0]}`);
  }
}
