/** An experiment file as a command needs it: read, changed by --set, its model found on this machine. */
import { join } from 'node:path';
import { parseAssignment, placeOfAssignment } from '../config/assignment.js';
import { readAnyExperiment, type ReadOptions } from '../config/file.js';
import { homeFolder, type Environment } from '../config/home.js';
import { valueAt, withValues } from '../config/keys.js';
import { knobOf } from '../config/limits.js';
import type { Experiment } from '../config/schema.js';
import { prepareDataset, type PreparedDataset } from '../data/dataset.js';
import { loadTokenizer, type Tokenizer } from '../data/tokenizer/index.js';
import { resolveModelPath } from '../models/discover.js';
import { readModel, withClasses } from '../models/registry.js';
import { UserError } from '../util/errors.js';
import { modelPlaces } from './places.js';
import type { Terminal } from './terminal.js';
import { redrawnProgress } from './view/progress.js';

/** Throws a UserError for whatever the user has to change; what was fitted to the model is told. */
export async function loadExperiment(file: string, options: Omit<ReadOptions, 'fit'>, { env, note }: Pick<Terminal, 'env' | 'note'>): Promise<Experiment> {
  const fit = (given: object): { readonly max_length?: number } => {
    const length = valueAt(given, 'max_length') === undefined ? fittingLength(valueAt(given, 'model'), env) : null;
    if (length === null) return {};
    note(`max_length is ${length}, as many tokens as the model was made for.`);
    return { max_length: length };
  };
  const experiment = await readAnyExperiment(file, { ...options, fit });
  return withValues(experiment, { model: resolveModelPath(experiment.model, modelPlaces(env)) });
}

/** The longest row of a model that has room for fewer tokens than the default; null for others, and where there is none yet. */
function fittingLength(model: unknown, env: Environment): number | null {
  if (typeof model !== 'string') return null;
  try {
    const { contextLength } = readModel(resolveModelPath(model, modelPlaces(env)));
    return contextLength < Number(knobOf('max_length')?.default) ? contextLength : null;
  } catch (error) {
    if (error instanceof UserError) return null; // told where the model is needed
    throw error;
  }
}

/** Tokenised rows of an experiment, from the cache where they are in it; a person sees how far it is. */
export async function prepare(experiment: Experiment, terminal: Terminal): Promise<{ tokenizer: Tokenizer; prepared: PreparedDataset }> {
  const tokenizer = await loadTokenizer(experiment.tokenizer ?? experiment.model);
  const progress = redrawnProgress(terminal);
  try {
    return { tokenizer, prepared: await prepareDataset(withClasses(experiment), tokenizer, { cacheFolder: tokenCache(terminal.env), onProgress: progress.show }) };
  } finally {
    progress.clear();
  }
}

/** `key=value` of --set where there is no file to set it in. */
export function withAssignments(experiment: Experiment, assignments: readonly string[]): Experiment {
  const parsed = assignments.map(parseAssignment);
  const values = Object.fromEntries(parsed.map(({ key, value }) => [key, value]));
  return withValues(experiment, values, { placeOf: (path) => placeOfAssignment(parsed, path) ?? `--set ${assignments.join(' ')}` });
}

/** Where tokenised rows are kept: the folder that runs use. */
export function tokenCache(env: Environment): string {
  return join(homeFolder(env), 'cache', 'tokens');
}
