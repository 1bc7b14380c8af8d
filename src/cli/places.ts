/** Where models and datasets are looked for, by commands and the screen alike. */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modelSearchPaths, type Environment } from '../config/home.js';

/** The experiments that come with the program. */
export const shippedExperiments = fileURLToPath(new URL('../../experiments/', import.meta.url));

const demo = join(shippedExperiments, 'demo');

/** The folders given, then those of the environment, this folder and its `models`, and the demo. */
export function modelPlaces(env: Environment, given: readonly string[] = []): string[] {
  return [...given, ...modelSearchPaths(env), 'models', '.', demo].map((place) => resolve(place));
}

/** The folders given; or else this one, and the demo. */
export function datasetPlaces(given: readonly string[] = []): string[] {
  return (given.length > 0 ? given : ['.', demo]).map((place) => resolve(place));
}
