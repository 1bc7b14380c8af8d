/** Search files: YAML that names an experiment and what to try in it. */
import { basename, dirname, extname, resolve } from 'node:path';
import type { z } from 'zod';
import { UserError } from '../../util/errors.js';
import { absolute } from '../file.js';
import { expandTilde } from '../home.js';
import { checkKey } from '../keys.js';
import { knobOf } from '../limits.js';
import { isModule } from '../module.js';
import { nearest } from '../nearest.js';
import { readYaml, type YamlFile } from '../yaml-file.js';
import { isSearch, searchKnobs, searchSchema, type SearchFile } from './schema.js';
import type { Domain, Space } from './space.js';

export interface Search extends Omit<SearchFile, 'parameters' | 'name' | 'experiment'> {
  readonly file: string;
  readonly name: string;
  /** An absolute path. */
  readonly experiment: string;
  readonly space: Space;
  /** Where a parameter stands, to begin a sentence with. */
  placeOf(key: string): string;
}

/** Whose values a search sets itself, or that say nothing of how well a run learns. */
const unsearchable: Readonly<Record<string, string>> = {
  name: 'each trial has a name of its own',
  'train.stop_at': 'a search stops its trials itself, at `stop_losers.at`',
  'recipe.path': 'a module is the experiment itself: search over the keys it exports',
  'recipe.sha256': 'it is written by the run',
  on_finish: 'it is run once, when the search has ended',
};

/** Whether a file, if it is there, is a search and no experiment. */
export function isSearchFile(path: string): boolean {
  return !isModule(path) && isSearch(readYaml(path, 'the experiment file').value);
}

/** Reads a search file; paths in the result are absolute. Throws a UserError: file, line, key, what to give. */
export function readSearch(path: string): Search {
  const yaml = readYaml(path, 'the search file');
  const parsed = searchSchema.safeParse(yaml.value, { reportInput: true });
  if (!parsed.success) throw new UserError(firstProblem(path, yaml, parsed.error.issues));
  const { parameters, ...file } = parsed.data;
  const folder = dirname(resolve(path));
  const refuse = (key: readonly string[], sentence: string): never => {
    throw new UserError(`${yaml.placeOf(key)}: ${sentence}`);
  };
  const space = new Map(Object.entries(parameters).map(([key, given]) => [key, domainOf(key, given, { folder, method: file.method, refuse: (sentence) => refuse(['parameters', key], sentence) })]));
  if (space.size === 0) refuse(['parameters'], '`parameters` is empty: name a key of the experiment and what to try, such as lora.r: [4, 8, 16]');
  if (file.method === 'random' && file.trials === null) refuse(['method'], '`trials` is missing: say how many sets of values to draw, such as trials: 12');
  if (file.method === 'grid' && file.trials !== null) refuse(['trials'], '`trials` is for `method: random`, and a grid has as many as there are combinations: leave it out');
  const { at } = file.stop_losers;
  if (at.some((update, i) => i > 0 && update <= at[i - 1])) refuse(['stop_losers', 'at'], `\`stop_losers.at\` is ${JSON.stringify(at)}: the updates must ascend`);
  return {
    ...file,
    file: resolve(path),
    name: file.name ?? basename(path, extname(path)).replaceAll(/[\s\p{Cc}]+/gu, '-'),
    experiment: resolve(folder, expandTilde(file.experiment, process.env)),
    space,
    placeOf: (key) => yaml.placeOf(['parameters', key]),
  };
}

interface Place {
  readonly folder: string;
  readonly method: SearchFile['method'];
  refuse(sentence: string): never;
}

function domainOf(key: string, given: unknown, { folder, method, refuse }: Place): Domain {
  const why = unsearchable[key];
  if (why !== undefined) refuse(`\`${key}\` cannot be searched over: ${why}`);
  checkSearched(key, refuse);
  if (Array.isArray(given)) {
    if (given.length === 0) refuse(`\`${key}\` has no values to try: give some, such as [4, 8, 16]`);
    return { values: given.map((value: unknown) => (knobOf(key)?.path === true && typeof value === 'string' ? absolute(key, value, folder) : value)) };
  }
  if (typeof given !== 'object' || given === null) return refuse(`\`${key}\` is ${JSON.stringify(given)}: give a list of values, [${JSON.stringify(given)}], or a range, {from: …, to: …}`);
  return rangeOf(key, given as Record<string, unknown>, { method, refuse });
}

/** A group of keys is the likeliest mistake, as it is right in an experiment. */
function checkSearched(key: string, refuse: (sentence: string) => never): void {
  try {
    checkKey(key);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    refuse(/^(train|lora|dataset|freeze|loss|sample|engine)$/.test(key) ? `\`${key}\` is a group: write the whole key, such as ${key === 'train' ? 'train.learning_rate' : `${key}.…`}` : error.message);
  }
}

const rangeKeys = ['from', 'to', 'scale', 'points'] as const;

function rangeOf(key: string, given: Readonly<Record<string, unknown>>, { method, refuse }: Pick<Place, 'method' | 'refuse'>): Domain {
  const { from, to, scale = 'linear', points = null } = given;
  const unknown = Object.keys(given).find((each) => !rangeKeys.some((known) => known === each));
  if (unknown !== undefined) return refuse(`a range has no \`${unknown}\`: ${nearest(unknown, rangeKeys) === null ? `it has ${rangeKeys.join(', ')}` : `did you mean ${String(nearest(unknown, rangeKeys))}?`}`);
  const kind = knobOf(key)?.kind;
  if (kind !== 'int' && kind !== 'float') return refuse(`\`${key}\` is no number: give a list of values to try`);
  if (typeof from !== 'number' || typeof to !== 'number' || !Number.isFinite(from) || !Number.isFinite(to)) return refuse(`the range of \`${key}\` needs two numbers: {from: …, to: …}`);
  if (from >= to) return refuse(`the range of \`${key}\` goes from ${from} to ${to}: the first must be the smaller`);
  if (scale !== 'linear' && scale !== 'log') return refuse(`the scale of \`${key}\` is ${JSON.stringify(scale)}: it is linear or log`);
  if (scale === 'log' && from <= 0) return refuse(`the range of \`${key}\` begins at ${from}, which has no logarithm: begin above 0, or take scale: linear`);
  const whole = kind === 'int';
  if (whole && !(Number.isInteger(from) && Number.isInteger(to))) return refuse(`\`${key}\` is a whole number: its range cannot go from ${from} to ${to}`);
  if (method === 'grid' && !(typeof points === 'number' && Number.isInteger(points) && points >= 2)) return refuse(`a grid takes so many points of a range: \`${key}\` needs points, a whole number of at least 2, or a list of values`);
  if (method === 'random' && points !== null) return refuse(`\`points\` is for \`method: grid\`; ${key} is drawn at random: leave it out`);
  return { from, to, scale, whole, points: typeof points === 'number' ? points : null };
}

function firstProblem(path: string, { placeOf, value }: YamlFile, issues: readonly z.core.$ZodIssue[]): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${path}: a search is a group of keys (experiment: …, parameters: …)`;
  if ('model' in value && 'dataset' in value) return `${path} is an experiment: a search is a file of its own, which names it (experiment: ${basename(path)}) and says what to try (parameters: …)`;
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  if (issue.code === 'unrecognized_keys') {
    const key = [...issue.path, issue.keys[0]].join('.');
    const meant = nearest(key, searchKnobs.map((knob) => knob.key));
    return `${placeOf([...issue.path, issue.keys[0]])}: a search has no key \`${key}\`: ${meant === null ? `it has ${searchKnobs.map((knob) => knob.key).join(', ')}` : `did you mean \`${meant}\`?`}`;
  }
  const key = issue.path.join('.');
  const knob = searchKnobs.find((each) => key === each.key || key.startsWith(`${each.key}.`));
  if (issue.input === undefined) return `${placeOf(issue.path)}: \`${key}\` is missing: give ${knob?.help ?? 'it'}`;
  return `${placeOf(issue.path)}: \`${key}\` is ${JSON.stringify(issue.input)}: it ${issue.code === 'custom' ? issue.message : `must be ${knob?.expects ?? 'a group of keys'}`}`;
}
