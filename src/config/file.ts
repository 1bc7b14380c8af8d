/** Experiment files: YAML (of which JSON is a part) and modules to experiments, and back to YAML. */
import { existsSync } from 'node:fs';
import { basename, dirname, extname, isAbsolute, resolve } from 'node:path';
import { stringify } from 'yaml';
import { isDeepStrictEqual } from 'node:util';
import { UserError, messageOf } from '../util/errors.js';
import { changedKeys } from './diff.js';
import { expandTilde } from './home.js';
import { functionNames } from './define.js';
import { isLlamaFactory } from './foreign/llamafactory.js';
import { setKey, valueAt, withValues } from './keys.js';
import { knobOf, knobs } from './limits.js';
import { parseAssignment, placeOfAssignment, type Assignment } from './assignment.js';
import { isModule, loadModule, moduleHash } from './module.js';
import { parseExperiment } from './parse.js';
import { mixedDefaults } from './schema.js';
import type { Experiment, MixedConfig } from './schema.js';
import { isSearch } from './search/schema.js';
import { readYaml } from './yaml-file.js';

export interface ReadOptions {
  /** `key=value` with dotted keys, values as in YAML, paths from the working folder. */
  readonly set?: readonly string[];
  /** Goes before the name in the file. */
  readonly name?: string;
  /** Values for keys that are given nowhere, by what is given: in place of their defaults. */
  readonly fit?: (given: object) => Readonly<Record<string, unknown>>;
}

/** Reads an experiment file; every path in the result is absolute. Throws a UserError: file, line, key, what to give. */
export function readExperiment(path: string, options: ReadOptions = {}): { experiment: Experiment; folder: string } {
  const folder = dirname(resolve(path));
  refuseData(path);
  const { value, placeOf } = readYaml(path, 'the experiment file');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { experiment: parseExperiment(value, { placeOf: () => path }), folder };
  if (isLlamaFactory(value) && !('model' in value)) throw new UserError(`${path} is a training file of LLaMA-Factory: \`workbench import ${path} --out experiment.yaml\` makes an experiment of it`);
  if (isSearch(value)) throw new UserError(`${path} is a search: begin it with workbench search ${path}`);
  return { experiment: completed(value, { ...options, folder, placeOf }), folder };
}

/** Of an experiment file of either kind: a module is run, and named with its hash in the result. Throws UserErrors. */
export async function readAnyExperiment(path: string, options: ReadOptions = {}): Promise<Experiment> {
  return isModule(path) ? readModule(path, options) : withRecipeHash(readExperiment(path, options).experiment);
}

/** The experiment with the hash of its module, where only its place is given. */
export function withRecipeHash(experiment: Experiment): Experiment {
  const { path, sha256 } = experiment.recipe;
  return path === null || sha256 !== null ? experiment : withValues(experiment, { 'recipe.sha256': moduleHash(path) });
}

async function readModule(path: string, options: ReadOptions): Promise<Experiment> {
  const { plain, sha256 } = await loadModule(path);
  if ('recipe' in plain) throw new UserError(`${path}: \`recipe\` is the module itself: leave it out`);
  const value = copied({ ...plain, recipe: { path: resolve(path), sha256 } }, path);
  return completed(value, { ...options, folder: dirname(resolve(path)), placeOf: () => path });
}

function copied<T extends object>(value: T, path: string): T {
  try {
    return structuredClone(value);
  } catch (error) {
    throw new UserError(`${path}: an experiment is plain data but for ${functionNames.join(', ')}: ${messageOf(error)}`);
  }
}

/** Paths made absolute, assignments made, checked. */
function completed(value: object, { folder, placeOf, set, name, fit }: ReadOptions & { readonly folder: string; readonly placeOf: (key: readonly PropertyKey[]) => string }): Experiment {
  absolutePaths(value, folder);
  const assignments = (set ?? []).map(parseAssignment);
  for (const assignment of assignments) assign(value, assignment);
  if (name !== undefined) setKey(value, 'name', name);
  for (const [key, fitting] of Object.entries(fit?.(value) ?? {})) if (valueAt(value, key) === undefined) setKey(value, key, fitting);
  return parseExperiment(value, { placeOf: (key) => placeOfAssignment(assignments, key) ?? placeOf(key) });
}

/** As YAML that reads back to an equal experiment: whole, or `changed`: only what differs from the defaults. */
export function writeExperiment(experiment: Experiment, options: { readonly changed?: boolean } = {}): string {
  const value = {};
  const keys = options.changed ? changedKeys(experiment) : knobs.map((knob) => knob.key);
  for (const key of keys) setKey(value, key, options.changed && key === 'dataset.mix' ? experiment.dataset.mix.map(changedOf) : valueAt(experiment, key));
  return stringify(value, { lineWidth: 0 });
}

/** What a set that is mixed in says besides its defaults. */
function changedOf(set: MixedConfig): Partial<MixedConfig> {
  return Object.fromEntries(Object.entries(set).filter(([key, value]) => !isDeepStrictEqual(value, mixedDefaults[key as keyof MixedConfig])));
}

/** The name of a run whose experiment has none: model and dataset (the Hugging Face cache keeps a model under a hash). */
export function runName(experiment: Experiment): string {
  const cached = /models--([^/\\]+)[/\\]snapshots/.exec(experiment.model)?.[1].split('--').at(-1);
  const { path } = experiment.dataset;
  return experiment.name ?? `${cached ?? basename(experiment.model)}-${basename(path, extname(path))}`;
}

/** A file of rows is the likeliest mistake: it is told before its lines are read as YAML. */
function refuseData(path: string): void {
  if (!/\.(jsonl|ndjson|csv|tsv|txt|parquet|safetensors)$/i.test(path)) return;
  throw new UserError(`${path} is no experiment file: give a YAML or JSON file that names the data as dataset.path, or put it in the place of another's with --set dataset.path=${path} (and dataset.format); its columns: workbench datasets ${path}`);
}

function assign(target: object, { key, value }: Assignment): void {
  setKey(target, key, value);
  const knob = knobOf(key);
  if (knob?.path && typeof value === 'string') setKey(target, key, absolute(knob.key, value, process.cwd()));
  if (key === 'dataset.mix' && Array.isArray(value)) setKey(target, key, absoluteSets(value, process.cwd()));
}

function absolutePaths(value: object, folder: string): void {
  for (const { key } of knobs.filter((knob) => knob.path)) {
    const path = valueAt(value, key);
    if (typeof path === 'string' && path !== '') setKey(value, key, absolute(key, path, folder));
  }
  const more: unknown = valueAt(value, 'dataset.mix');
  if (Array.isArray(more)) setKey(value, 'dataset.mix', absoluteSets(more, folder));
}

function absoluteSets(sets: readonly unknown[], folder: string): unknown[] {
  return sets.map((set) => absoluteSet(set, folder));
}

function absoluteSet(set: unknown, folder: string): unknown {
  if (typeof set !== 'object' || set === null || !('path' in set) || typeof set.path !== 'string') return set; // told by the schema
  return { ...set, path: absolute('dataset.path', set.path, folder) };
}

/** The value of a key that names a file or folder. A model that is no folder here may be a name (`org/model`) to look up in the search paths, and is left as it is. */
export function absolute(key: string, path: string, folder: string): string {
  const expanded = expandTilde(path, process.env);
  const full = resolve(folder, expanded);
  const name = key === 'model' && !isAbsolute(expanded) && !expanded.startsWith('.') && !existsSync(full);
  return name ? path : full;
}
