/** Reading and setting an experiment's values by dotted key. */
import { UserError } from '../util/errors.js';
import { knobOf, knobs } from './limits.js';
import { insteadOf } from './nearest.js';
import { parseExperiment, type ParseOptions } from './parse.js';
import type { Experiment } from './schema.js';

type Group = Record<string, unknown>;

/** Undefined where a part of the key is not there. */
export function valueAt(experiment: object, key: string): unknown {
  return key.split('.').reduce<unknown>((at, part) => (isGroup(at) || Array.isArray(at) ? (at as Group)[part] : undefined), experiment);
}

/** Every key that names a file or folder, those of the sets that are mixed in too. */
export function pathKeys(experiment: Experiment): string[] {
  const ofSets = experiment.dataset.mix.flatMap((set, i) => Object.keys(set).map((key) => `dataset.mix.${i}.${key}`));
  return [...knobs.map(({ key }) => key), ...ofSets].filter((key) => knobOf(key)?.path);
}

/** A new experiment with some keys changed; throws a UserError when a key or value is not allowed. */
export function withValues(experiment: Experiment, values: Readonly<Record<string, unknown>>, options?: ParseOptions): Experiment {
  const copy = structuredClone(experiment);
  for (const [key, value] of Object.entries(values)) setKey(copy, key, value);
  return parseExperiment(copy, options);
}

/** Throws a UserError, with the key that was meant, for a key there is not; the value it was to have helps to find it. */
export function checkKey(key: string, value?: unknown): void {
  if (knobOf(key) !== null) return;
  throw new UserError(`there is no key \`${key}\`: ${insteadOf(key, value) ?? 'docs/experiment-file.md lists those there are'}`);
}

/** Sets a dotted key in a plain object, making groups on the way; throws a UserError for a key there is not. */
export function setKey(target: object, key: string, value: unknown): void {
  checkKey(key);
  const parts = key.split('.');
  let at = target as Group;
  for (const [depth, part] of parts.slice(0, -1).entries()) {
    const inner = Array.isArray(at) ? itemOf(at, parts.slice(0, depth), part) : Object.hasOwn(at, part) ? at[part] : null;
    at = at[part] = isGroup(inner) || Array.isArray(inner) ? (inner as Group) : {};
  }
  at[parts.at(-1)!] = value;
}

/** A set of `dataset.mix` by its number, from 0; one may be added behind the last. */
function itemOf(list: readonly unknown[], key: readonly string[], number: string): unknown {
  if (Number(number) > list.length) throw new UserError(`\`${key.join('.')}\` has ${list.length} of them, numbered from 0: there is no ${number}`);
  return list[Number(number)];
}

function isGroup(value: unknown): value is Group {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
