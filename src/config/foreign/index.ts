/** Other programs' words in ours. */
import { knobOf, knobs } from '../limits.js';
import { foreignKeys, type Amounts } from './keys.js';
import { foreignValues } from './values.js';

export type { Amounts } from './keys.js';

/** What a key of another program amounts to, by the last part of its name; `value` undefined: any. Null for a word that nobody is known to use. */
export function inOurWords(name: string, value?: unknown): Amounts | null {
  const leaf = lastPart(name.toLowerCase().replaceAll('-', '_'));
  if (Object.hasOwn(foreignKeys, leaf)) {
    const row = foreignKeys[leaf];
    return typeof row === 'string' ? ourValues({ [row]: value }) : chained(row(value));
  }
  const same = knobs.filter(({ key }) => lastPart(key) === leaf);
  return same.length === 1 ? ourValues({ [same[0].key]: value }) : ofGroup(leaf, value);
}

/** Of a group of keys under a name that is ours too, such as `lr_scheduler_kwargs`; null where there is none. */
function ofGroup(name: string, value: unknown): Amounts | null {
  const group = knobs.map(({ key }) => key.split('.')).find((key) => key.length > 2 && key.at(-2) === name)?.slice(0, -1).join('.');
  if (group === undefined || typeof value !== 'object' || value === null) return null;
  const unknown = Object.keys(value).find((key) => knobOf(`${group}.${key}`) === null);
  if (unknown !== undefined) return { lacks: `\`${group}\` has no \`${unknown}\`` };
  return ourValues(Object.fromEntries(Object.entries(value).map(([key, its]) => [`${group}.${key}`, its])));
}

/** What comes in place of a value that we refuse for our key, and others have; null where nobody is known to have it. */
export function inPlaceOf(key: string, theirs: unknown): Amounts | null {
  const word = String(theirs).toLowerCase();
  if (!Object.hasOwn(foreignValues, key) || !Object.hasOwn(foreignValues[key], word) || knobOf(key)?.choices.includes(word)) return null;
  const found = foreignValues[key][word];
  return typeof found === 'string' ? { sets: { [key]: found } } : found;
}

function chained(amounts: Amounts): Amounts {
  return 'sets' in amounts ? ourValues(amounts.sets) : amounts;
}

/** Our keys with others' values, in our values. */
function ourValues(values: Readonly<Record<string, unknown>>): Amounts {
  let ours: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(values)) {
    const found = inPlaceOf(key, value);
    if (found !== null && !('sets' in found)) return found;
    ours = { ...ours, ...(found?.sets ?? { [key]: value }) };
  }
  return { sets: ours };
}

function lastPart(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1);
}
