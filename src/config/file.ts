/** Experiment files: YAML (of which JSON is a part) to experiments and back. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, isAbsolute, resolve } from 'node:path';
import { LineCounter, isMap, isPair, parse, parseDocument, stringify } from 'yaml';
import type { Document } from 'yaml';
import { UserError, messageOf } from '../util/errors.js';
import { changedKeys } from './diff.js';
import { expandTilde } from './home.js';
import { setKey, valueAt } from './keys.js';
import { knobOf, knobs } from './limits.js';
import { parseExperiment } from './parse.js';
import type { Experiment } from './schema.js';

export interface ReadOptions {
  /** `key=value` with dotted keys, values as in YAML, paths from the working folder. */
  readonly set?: readonly string[];
  /** Goes before the name in the file. */
  readonly name?: string;
}

/** Reads an experiment file; every path in the result is absolute. Throws a UserError: file, line, key, what to give. */
export function readExperiment(path: string, options: ReadOptions = {}): { experiment: Experiment; folder: string } {
  const folder = dirname(resolve(path));
  const lines = new LineCounter();
  const document = parseDocument(readText(path), { lineCounter: lines, prettyErrors: false });
  const [broken] = document.errors;
  if (broken) throw new UserError(`${path}, line ${lines.linePos(broken.pos[0]).line}: this is not YAML: ${broken.message}`);
  const value = toPlain(document, path);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { experiment: parseExperiment(value, { file: path }), folder };
  absolutePaths(value, folder);
  for (const assignment of options.set ?? []) assign(value, assignment);
  if (options.name !== undefined) setKey(value, 'name', options.name);
  return { experiment: parseExperiment(value, { file: path, lineOf: (key) => lineOf(document, key, lines) }), folder };
}

/** As YAML that reads back to an equal experiment: whole, or `changed`: only what differs from the defaults. */
export function writeExperiment(experiment: Experiment, options: { readonly changed?: boolean } = {}): string {
  const value = {};
  const keys = options.changed ? changedKeys(experiment) : knobs.map((knob) => knob.key);
  for (const key of keys) setKey(value, key, valueAt(experiment, key));
  return stringify(value, { lineWidth: 0 });
}

/** The name of a run whose experiment has none: model and dataset (the Hugging Face cache keeps a model under a hash). */
export function runName(experiment: Experiment): string {
  const cached = /models--([^/\\]+)[/\\]snapshots/.exec(experiment.model)?.[1].split('--').at(-1);
  const { path } = experiment.dataset;
  return experiment.name ?? `${cached ?? basename(experiment.model)}-${basename(path, extname(path))}`;
}

/** The value of a knob as it is typed: YAML, but a text needs no quotes. Throws a UserError when it cannot be read. */
export function parseValue(key: string, text: string): unknown {
  const knob = knobOf(key);
  const wantsText = knob?.kind === 'text' || knob?.kind === 'map';
  try {
    const value: unknown = parse(text);
    return wantsText && value !== null && typeof value !== 'string' && typeof value !== 'object' ? text : value;
  } catch (error) {
    if (knob?.kind === 'text') return text;
    throw new UserError(`\`${key}\` cannot be ${JSON.stringify(text)}: ${messageOf(error).split('\n')[0]}`);
  }
}

function toPlain(document: Document, path: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new UserError(`${path}: the YAML cannot be resolved: ${messageOf(error)}`);
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(`${path}: cannot read the experiment file (${messageOf(error).split(',')[0]}); give the path of a YAML or JSON file`);
  }
}

function assign(target: object, assignment: string): void {
  const at = assignment.indexOf('=');
  if (at < 1) throw new UserError(`--set ${assignment}: write key=value, for example --set lora.r=16`);
  const key = assignment.slice(0, at).trim();
  const value = parseValue(key, assignment.slice(at + 1));
  setKey(target, key, value);
  const knob = knobOf(key);
  if (knob?.path && typeof value === 'string') setKey(target, key, absolute(key, value, process.cwd()));
}

function absolutePaths(value: object, folder: string): void {
  for (const { key } of knobs.filter((knob) => knob.path)) {
    const path = valueAt(value, key);
    if (typeof path === 'string' && path !== '') setKey(value, key, absolute(key, path, folder));
  }
}

/** A model that is no folder here may be a name (`org/model`) to look up in the search paths, and is left as it is. */
function absolute(key: string, path: string, folder: string): string {
  const expanded = expandTilde(path, process.env);
  const full = resolve(folder, expanded);
  const name = key === 'model' && !isAbsolute(expanded) && !expanded.startsWith('.') && !existsSync(full);
  return name ? path : full;
}

function lineOf(document: Document, path: readonly PropertyKey[], lines: LineCounter): number | null {
  const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
  if (!isMap(parent)) return null;
  const pair = parent.items.find((item) => isPair(item) && String(item.key) === String(path.at(-1)));
  const start = pair?.key !== null && typeof pair?.key === 'object' && 'range' in pair.key ? (pair.key.range as [number] | undefined)?.[0] : undefined;
  return start === undefined ? null : lines.linePos(start).line;
}
