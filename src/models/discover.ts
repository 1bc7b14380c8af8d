/** What models are on this machine. Configs and the headers of weights are read, nothing else. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf, UserError } from '../util/errors.js';
import { sizeOf } from '../util/tensor.js';
import { openWeights } from '../weights/folder.js';
import { matchTensors } from '../weights/match.js';
import type { Weights } from '../weights/safetensors.js';
import { readConfigFile, type RawConfig } from './config.js';
import type { Model } from './contract.js';
import { modelFromConfig } from './registry.js';
import { matchRules } from './weights.js';

export interface ModelEntry {
  readonly path: string;
  /** The folder's name, or `org/name` in the Hugging Face cache. */
  readonly name: string;
  readonly modelType: string | null;
  readonly parameters: number | null;
  /** Of the weights on disk. */
  readonly bytes: number | null;
  /** As most of the weights are stored: F32, BF16, … */
  readonly dtype: string | null;
  /** The most tokens of a row; null where it is not known. */
  readonly contextLength: number | null;
  readonly supported: boolean;
  /** Why it is not supported, in a sentence. */
  readonly reason: string | null;
  /** Whether there are files of a tokenizer; without, an experiment has to name another folder's. */
  readonly tokenizer: boolean;
}

/** Model folders at, or directly under, the given paths, sorted by name; a path may be a Hugging Face cache. */
export function discoverModels({ paths }: { readonly paths: readonly string[] }): ModelEntry[] {
  const roots = paths.map((path) => resolve(path));
  const folders = new Set(roots.flatMap(modelFolders));
  const incomplete = new Set(roots.flatMap(incompleteFolders));
  return [...[...folders].map(describe), ...[...incomplete].map(describeIncomplete)].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Models of a Hugging Face cache that were begun to be fetched, or of which nothing but other files is there. */
function incompleteFolders(path: string): string[] {
  if (isModel(path)) return [];
  return [path, join(path, 'hub')].flatMap((root) => subfolders(root).filter((folder) => basename(folder).startsWith('models--') && snapshot(folder).length === 0));
}

/** Of a folder that nothing is known of yet. */
const nothingKnown = { modelType: null, parameters: null, bytes: null, dtype: null, contextLength: null, supported: false, reason: null, tokenizer: false } as const;

function describeIncomplete(path: string): ModelEntry {
  const name = basename(path).slice('models--'.length).replace('--', '/');
  return { path, name, ...nothingKnown, reason: 'It has no config.json in the cache: it was not fetched whole.' };
}

/**
 * The folder a person means: a path, a folder's name under one of the search paths, or `org/name` in a Hugging
 * Face cache. Throws a UserError that lists what there is.
 */
export function resolveModelPath(reference: string, searchPaths: readonly string[]): string {
  if (existsSync(reference)) return resolve(reference);
  const found = [...new Set(searchPaths.flatMap((path) => modelFolders(resolve(path))))];
  const match = found.find((folder) => nameOf(folder) === reference) ?? found.find((folder) => basename(nameOf(folder)) === reference);
  if (match !== undefined) return match;
  const names = found.map(nameOf).sort();
  throw new UserError(`There is no model "${reference}": ${names.length > 0 ? `found are ${names.join(', ')}` : 'none was found in WORKBENCH_MODELS or the Hugging Face cache'}; give the path of a Hugging Face folder.`);
}

function modelFolders(path: string): string[] {
  if (isModel(path)) return [path];
  return [path, join(path, 'hub')].flatMap((root) => subfolders(root).flatMap((folder) => (basename(folder).startsWith('models--') ? snapshot(folder) : isModel(folder) ? [folder] : [])));
}

/** The revision that `main` points to in a `models--org--name` folder, else the newest. */
function snapshot(cached: string): string[] {
  const all = subfolders(join(cached, 'snapshots')).filter(isModel);
  const main = join(cached, 'refs', 'main');
  const named = existsSync(main) ? join(cached, 'snapshots', readFileSync(main, 'utf8').trim()) : null;
  const newest = all.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs).slice(0, 1);
  return named !== null && all.includes(named) ? [named] : newest;
}

/** Any of these is, or begins, a tokenizer that is read here. */
const tokenizerFiles = ['tokenizer.json', 'tokenizer.model', 'vocab.json', 'vocab.txt', 'ice_text.model'];

/** As much as can be known of a folder, and the reason where that is not enough. */
function describe(path: string): ModelEntry {
  let entry: ModelEntry = { path, name: nameOf(path), ...nothingKnown, tokenizer: tokenizerFiles.some((name) => existsSync(join(path, name))) };
  try {
    const config = readConfigFile(path);
    entry = { ...entry, modelType: typeof config.model_type === 'string' ? config.model_type : null };
    const model = supportedModel(config, path);
    if (typeof model === 'string') return { ...entry, ...measureIfThere(path), reason: model };
    entry = { ...entry, contextLength: model.contextLength };
    const weights = openWeights(path);
    entry = { ...entry, ...measure(weights) };
    matchTensors(weights, model.parameters, matchRules(model));
    return { ...entry, parameters: model.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0), supported: true };
  } catch (error) {
    return { ...entry, reason: messageOf(error) };
  }
}

/** The model, or why there is none like it here. */
function supportedModel(config: RawConfig, path: string): Model | string {
  try {
    return modelFromConfig(config, path);
  } catch (error) {
    return messageOf(error);
  }
}

function measureIfThere(path: string): Partial<ReturnType<typeof measure>> {
  try {
    return measure(openWeights(path));
  } catch {
    return {};
  }
}

function measure(weights: Weights): Pick<ModelEntry, 'parameters' | 'bytes' | 'dtype'> {
  const bytesOf = new Map<string, number>();
  let parameters = 0;
  for (const { dtype, shape, bytes } of weights.names.map((name) => weights.info(name))) {
    bytesOf.set(dtype, (bytesOf.get(dtype) ?? 0) + bytes);
    parameters += sizeOf(shape);
  }
  const [most] = [...bytesOf].sort(([, a], [, b]) => b - a);
  return { parameters, bytes: [...bytesOf.values()].reduce((a, b) => a + b, 0), dtype: most?.[0] ?? null };
}

function nameOf(path: string): string {
  const cached = basename(dirname(dirname(path)));
  return cached.startsWith('models--') ? cached.slice('models--'.length).replace('--', '/') : basename(path);
}

function isModel(path: string): boolean {
  return existsSync(join(path, 'config.json'));
}

/** Sorted; none where the folder cannot be read. */
function subfolders(path: string): string[] {
  try {
    return readdirSync(path).sort().map((name) => join(path, name)).filter((entry) => statSync(entry, { throwIfNoEntry: false })?.isDirectory());
  } catch {
    return [];
  }
}
