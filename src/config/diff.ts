/** Experiments as lists of dotted keys, to compare them. */
import { isDeepStrictEqual } from 'node:util';
import { valueAt } from './keys.js';
import { knobs } from './limits.js';
import type { Experiment } from './schema.js';

export interface Difference {
  readonly key: string;
  readonly a: unknown;
  readonly b: unknown;
}

/** Every knob's value by its dotted key; lists and maps are one value. */
export function flatten(experiment: Experiment): Map<string, unknown> {
  return new Map(knobs.map(({ key }) => [key, valueAt(experiment, key)]));
}

/** The keys in which two experiments differ, in the order of the schema. */
export function diffExperiments(a: Experiment, b: Experiment): Difference[] {
  const other = flatten(b);
  return [...flatten(a)].filter(([key, value]) => !isDeepStrictEqual(value, other.get(key))).map(([key, value]) => ({ key, a: value, b: other.get(key) }));
}

/** The keys that are not at their default. */
export function changedKeys(experiment: Experiment): string[] {
  return knobs.filter((knob) => !isDeepStrictEqual(valueAt(experiment, knob.key), knob.default)).map((knob) => knob.key);
}
