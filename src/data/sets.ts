/** The sets of a mixture, and entries of LLaMA-Factory's `dataset_info.json`. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { DatasetConfig, Experiment, MixedConfig } from '../config/schema.js';
import { UserError, messageOf } from '../util/errors.js';

/** One set: where it lies, how it is read, how often its rows are seen. */
export type DataSet = Omit<MixedConfig, 'name' | 'path'> & { readonly path: string };

/** The first set and those mixed in, entries replaced by what they name. Paths are absolute. */
export function setsOf(config: DatasetConfig, stage: Experiment['stage'], baseFolder: string): DataSet[] {
  return [config, ...config.mix].map(({ path: place, name, format, columns, tags, template, max_samples, weight, weight_column }) => {
    const set: DataSet = { path: path.resolve(baseFolder, place ?? config.path), format, columns, tags, template, max_samples, weight, weight_column };
    return name === null ? set : namedSet(set, name, stage);
  });
}

/** https://github.com/hiyouga/LLaMA-Factory/blob/main/data/README.md */
const entrySchema = z.looseObject({
  file_name: z.string().optional(),
  formatting: z.enum(['alpaca', 'sharegpt', 'openai']).default('alpaca'),
  ranking: z.boolean().default(false),
  num_samples: z.int().min(1).optional(),
  columns: z.record(z.string(), z.string().nullable()).default({}),
  tags: z.record(z.string(), z.string()).default({}),
});

const formats = { alpaca: 'alpaca', sharegpt: 'sharegpt', openai: 'chat' } as const;

/** What the columns of an entry are called here. */
const columnNames: Readonly<Record<'alpaca' | 'sharegpt' | 'chat', Readonly<Record<string, string>>>> = {
  alpaca: { prompt: 'instruction', query: 'input', response: 'output', system: 'system', history: 'history' },
  sharegpt: { messages: 'conversations', system: 'system', tools: 'tools' },
  chat: { messages: 'messages', system: 'system', tools: 'tools' },
};

function namedSet(set: DataSet, name: string, stage: Experiment['stage']): DataSet {
  const folder = statSync(set.path, { throwIfNoEntry: false })?.isDirectory() ? set.path : path.dirname(set.path);
  const index = path.join(folder, 'dataset_info.json');
  if (!existsSync(index)) throw new UserError(`dataset.name ${name}: there is no dataset_info.json in ${folder}; give the folder that has one as dataset.path, or leave the name out`);
  const entries = readIndex(index);
  if (!Object.hasOwn(entries, name)) throw new UserError(`${index} has no entry "${name}"; it has ${Object.keys(entries).slice(0, 20).join(', ')}`);
  const { data: entry, error } = entrySchema.safeParse(entries[name]);
  if (!entry) throw new UserError(`${index}: the entry "${name}" is not as LLaMA-Factory has them: ${error.issues[0].path.join('.')}: ${error.issues[0].message}`);
  if (entry.file_name === undefined) throw new UserError(`${index}: the data of "${name}" lies on a hub; download it, and write its file_name into the entry`);
  if (entry.ranking) throw new UserError(`${index}: "${name}" is made of preferences (ranking), which are not learned here; choose a set with answers`);

  const format = formats[entry.formatting];
  const known = columnNames[format];
  const foreign = Object.keys(entry.columns).find((column) => !(column in known));
  if (foreign !== undefined) throw new UserError(`${index}: "${name}" has a column of ${foreign}, which is not learned here; choose a set of text`);
  const file = path.join(folder, entry.file_name);
  const shared = { ...set, path: file, max_samples: set.max_samples ?? entry.num_samples ?? null, tags: { ...entry.tags, ...set.tags } };
  // LLaMA-Factory reads only the prompt of a set to pre-train on.
  if (stage === 'pretrain' && format === 'alpaca') return { ...shared, format: 'text', columns: { text: entry.columns['prompt'] ?? 'instruction', ...set.columns } };
  const columns = Object.fromEntries(Object.entries(entry.columns).flatMap(([column, theirs]) => (theirs === null ? [] : [[known[column], theirs]])));
  return { ...shared, format, columns: { ...columns, ...set.columns } };
}

function readIndex(index: string): Readonly<Record<string, unknown>> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(index, 'utf8')));
  } catch (error) {
    throw new UserError(`${index} cannot be read (${messageOf(error)}): it must be a JSON object with an entry a set`);
  }
}

/** The last part of each path; all of it where two end alike, and numbered where they are of one file: no two are the same. */
export function setNames(sets: readonly Pick<DataSet, 'path'>[]): string[] {
  return sets.map((set) => {
    const short = path.basename(set.path);
    const name = sets.some((other) => other.path !== set.path && path.basename(other.path) === short) ? set.path : short;
    const ofFile = sets.filter((other) => other.path === set.path);
    return ofFile.length === 1 ? name : `${name} (${ofFile.indexOf(set) + 1})`;
  });
}
