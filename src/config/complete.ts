/** Experiments that were stored by another version of the program. */
import { setKey, valueAt } from './keys.js';
import { knobs } from './limits.js';
import type { Experiment } from './schema.js';

/** The same with the defaults of the keys it lacks; what was valid when it was stored is not judged again. */
export function completed(stored: object): Experiment {
  for (const { key, default: value } of knobs) {
    if (value !== undefined && valueAt(stored, key) === undefined) setKey(stored, key, structuredClone(value));
  }
  return stored as Experiment;
}
