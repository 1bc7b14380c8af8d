/** Where models and datasets are looked for, by commands and the screen alike. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { datasetSearchPaths, modelSearchPaths, type Environment } from '../config/home.js';
import { UserError } from '../util/errors.js';

/** The experiments that come with the program. */
export const shippedExperiments = fileURLToPath(new URL('../../experiments/', import.meta.url));

const demo = join(shippedExperiments, 'demo');

/** The folders given, then those of the environment, this folder and its `models`, and the demo. */
export function modelPlaces(env: Environment, given: readonly string[] = []): string[] {
  return [...given, ...modelSearchPaths(env), 'models', '.', demo].map((place) => resolve(place));
}

/** The folders given; or else those of the environment, this one, and the demo. */
export function datasetPlaces(env: Environment, given: readonly string[] = []): string[] {
  return (given.length > 0 ? given : [...datasetSearchPaths(env), '.', demo]).map((place) => resolve(place));
}

/** Throws a UserError for a place that a person named and that is not there; those of the environment need not be. */
export function requireFolders(given: readonly string[]): void {
  const missing = given.find((place) => !existsSync(place));
  if (missing !== undefined) throw new UserError(`${missing} is not there: give a folder, or nothing to look in the usual places`);
}
