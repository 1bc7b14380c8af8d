/** Experiments as TypeScript or JavaScript modules: one file each, so that its hash says all that it does. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { UserError, messageOf } from '../util/errors.js';
import { functionNames, type ExperimentFunctions } from './define.js';
import type { Experiment } from './schema.js';

/** Where the functions of an experiment are from. */
export type RecipeConfig = Experiment['recipe'];

/** The functions of an experiment, and the hash of the source they are from. */
export interface ModuleFunctions {
  readonly functions: ExperimentFunctions;
  readonly sha256: string | null;
}

export interface LoadedModule {
  /** The keys of an experiment file, not yet checked. */
  readonly plain: Readonly<Record<string, unknown>>;
  readonly functions: ExperimentFunctions;
  readonly sha256: string;
}

/** What a module gets that imports this package: `define.ts` is all types but for this. */
const ownExports = `data:text/javascript,${encodeURIComponent('export const defineExperiment = (experiment) => experiment;').replaceAll("'", '%27')}`;

const none: ModuleFunctions = { functions: {}, sha256: null };

/** Of a module that is given where an experiment file is. */
export function isModule(path: string): boolean {
  return /\.m?[jt]s$/i.test(path);
}

/** The file in a run's folder that holds its module. */
export function keptModule(folder: string, path: string): string {
  return join(folder, `module${extname(path)}`);
}

/** The hash of a module's source. Throws a UserError where it cannot be read. */
export function moduleHash(path: string): string {
  return hashOf(sourceOf(path));
}

/** The functions of an experiment: none where it has no module. Throws a UserError where the module is not the one it was made with. */
export async function functionsOf({ path, sha256 }: RecipeConfig, folder: string | null = null): Promise<ModuleFunctions> {
  if (path === null) return none;
  const kept = folder === null ? null : keptModule(folder, path);
  const place = kept !== null && existsSync(kept) ? kept : path;
  const { functions, sha256: found } = await loadModule(place);
  if (sha256 !== null && found !== sha256) throw new UserError(changedSentence(place));
  return { functions, sha256: found };
}

/** "… has changed since": with what to do about it. */
export function changedSentence(path: string): string {
  return `${path} has changed since this experiment was made with it, and other functions would make other rows: bring its old text back, or leave recipe.sha256 out in a new one`;
}

/** Runs a module and takes its default export apart. Throws a UserError: file, line, what is wrong. */
export async function loadModule(path: string): Promise<LoadedModule> {
  const source = sourceOf(path);
  const code = await withoutTypes(source, path);
  const exported = await evaluated(await withOurImports(code, path), path);
  const definition: unknown = 'default' in exported ? exported.default : null;
  if (typeof definition !== 'object' || definition === null || Array.isArray(definition)) {
    throw new UserError(`${path} exports no experiment: write export default defineExperiment({ model: …, dataset: … }) in it`);
  }
  const entries = Object.entries(definition);
  const own = entries.filter(([key]) => isFunctionName(key));
  const wrong = own.find(([, value]) => value !== undefined && typeof value !== 'function');
  if (wrong) throw new UserError(`${path}: \`${wrong[0]}\` must be a function, as in ${wrong[0]}(row) { … }`);
  const given = own.filter(([, value]) => value !== undefined);
  return { plain: Object.fromEntries(entries.filter(([key]) => !isFunctionName(key))), functions: Object.fromEntries(given), sha256: hashOf(source) };
}

function isFunctionName(key: string): boolean {
  return functionNames.some((name) => name === key);
}

function sourceOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(`${path}: cannot read the module of the experiment (${messageOf(error).split(',')[0]}); give the path of a TypeScript or JavaScript file`);
  }
}

function hashOf(source: string): string {
  return createHash('sha256').update(source).digest('hex');
}

/** Types become spaces, so that lines and columns stay; what only a compiler can translate (enum, namespace) is refused. */
async function withoutTypes(source: string, path: string): Promise<string> {
  if (!/\.m?ts$/i.test(path)) return source;
  const { default: swc } = await import('@swc/wasm-typescript');
  try {
    return swc.transformSync(source, { mode: 'strip-only', module: true }).code;
  } catch (error) {
    const { message, startLine } = error as { readonly message?: string; readonly startLine?: number };
    throw new UserError(`${path}${startLine === undefined ? '' : `, line ${startLine}`}: ${message ?? messageOf(error)}`);
  }
}

/** The package's own name leads here wherever the file lies; of all else only what Node has may be imported. */
async function withOurImports(code: string, path: string): Promise<string> {
  const { init, parse } = await import('es-module-lexer');
  await init;
  let imports: ReturnType<typeof parse>[0];
  try {
    [imports] = parse(code, path);
  } catch (error) {
    throw new UserError(`${path}: this is no module: ${messageOf(error)}`);
  }
  let result = code;
  for (const { n: name, s: start, e: end, d: dynamic } of [...imports].reverse()) {
    if (name === undefined || name.startsWith('node:')) continue;
    if (name !== 'workbench') throw new UserError(`${path} imports "${name}": a module of an experiment is one file, whose hash tells whether it has changed; it may import "workbench" and node:… alone`);
    result = result.slice(0, start) + (dynamic > -1 ? `'${ownExports}'` : ownExports) + result.slice(end);
  }
  return result;
}

async function evaluated(code: string, path: string): Promise<Record<string, unknown>> {
  const text = `${code}\n//# sourceURL=${basename(path)}`;
  try {
    return (await import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`)) as Record<string, unknown>;
  } catch (error) {
    throw new UserError(`${path}: ${messageOf(error)}`);
  }
}
