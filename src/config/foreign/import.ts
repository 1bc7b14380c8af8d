/** Reads what another program trains by, and writes an experiment file. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UserError } from '../../util/errors.js';
import { writeExperiment } from '../file.js';
import { expandTilde } from '../home.js';
import { parseExperiment } from '../parse.js';
import type { Experiment } from '../schema.js';
import { readYaml } from '../yaml-file.js';
import { fromLlamaFactory, isLlamaFactory } from './llamafactory.js';
import type { Imported } from './llamafactory.js';

export interface ImportedExperiment extends Pick<Imported, 'notes' | 'moot'> {
  readonly experiment: Experiment;
  /** The experiment file: what differs from the defaults, below what was not taken over. */
  readonly text: string;
}

/**
 * Of a training file of LLaMA-Factory, YAML or JSON. Its relative paths are looked for from the working folder, where that program is
 * started, then from the file's folder upwards. Throws a UserError for another file, and for what cannot be done here.
 */
export function importExperiment(path: string, { templates }: { readonly templates: readonly string[] }): ImportedExperiment {
  const given = plainIn(path);
  const find = (place: string): string | null => foldersAbove(path).map((folder) => resolve(folder, expandTilde(place, process.env))).find((full) => existsSync(full)) ?? null;
  try {
    const { values, notes, moot } = fromLlamaFactory(given, { find, templates, entryFile });
    const experiment = parseExperiment(values);
    const here = existsSync(experiment.dataset.path) ? [] : [`${experiment.dataset.path} is not here: copy it, or set dataset.path`];
    const all = [...here, ...notes];
    const comments = [`From ${basename(path)}, a training file of LLaMA-Factory.`, ...all].map((line) => `# ${line}\n`);
    return { experiment, notes: all, moot, text: `${comments.join('')}${writeExperiment(experiment, { changed: true })}` };
  } catch (error) {
    throw error instanceof UserError ? new UserError(`${path}: ${error.message}`) : error;
  }
}

function plainIn(path: string): Readonly<Record<string, unknown>> {
  const { value } = readYaml(path, 'the training file');
  if (typeof value !== 'object' || value === null || !isLlamaFactory(value)) throw new UserError(`${path} is no training file of LLaMA-Factory: it has none of model_name_or_path, finetuning_type, cutoff_len`);
  return value as Readonly<Record<string, unknown>>;
}

/** The working folder, then that of a file and all above it. */
function foldersAbove(path: string): string[] {
  const folders = [process.cwd()];
  for (let folder = dirname(resolve(path)); folders.at(-1) !== folder; folder = dirname(folder)) folders.push(folder);
  return folders;
}

function entryFile(folder: string, name: string): string | null {
  try {
    const entries = JSON.parse(readFileSync(join(folder, 'dataset_info.json'), 'utf8')) as Record<string, { readonly file_name?: unknown }>;
    const file = entries[name]?.file_name;
    return typeof file === 'string' ? join(folder, file) : null;
  } catch {
    return null; // said, with what to do
  }
}
