import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { messageOf, UserError } from '../util/errors.js';
import { SafetensorsFile, type Weights } from './safetensors.js';

const single = 'model.safetensors';
const index = 'model.safetensors.index.json';

/** The weights of a Hugging Face folder: one file, or shards by their index. Only headers are read. */
export function openWeights(folder: string): Weights {
  if (existsSync(join(folder, single))) return SafetensorsFile.open(join(folder, single));
  if (existsSync(join(folder, index))) return openShards(folder);
  const pickled = ['pytorch_model.bin', 'pytorch_model.bin.index.json'].some((file) => existsSync(join(folder, file)));
  throw new UserError(
    pickled
      ? `${folder} has its weights as pytorch_model.bin, which is not read; save them as safetensors (save_pretrained in Transformers does).`
      : `${folder} has no weights: neither ${single} nor ${index}; fetch them into it.`,
  );
}

function openShards(folder: string): Weights {
  const path = join(folder, index);
  const shardOf = readIndex(path);
  const shards = new Map([...new Set(shardOf.values())].map((file) => [file, SafetensorsFile.open(join(folder, file))]));
  for (const [name, file] of shardOf) {
    if (!shards.get(file)!.names.includes(name)) throw new UserError(`${path} says that ${name} is in ${file}, but it is not; fetch both again.`);
  }
  const holder = (name: string): SafetensorsFile => {
    const file = shardOf.get(name);
    if (file === undefined) throw new Error(`${folder} has no tensor ${name}`);
    return shards.get(file)!;
  };
  return { path: folder, names: [...shardOf.keys()], info: (name) => holder(name).info(name), read: (name) => holder(name).read(name) };
}

/** tensor → file beside the index */
function readIndex(path: string): Map<string, string> {
  try {
    const { weight_map: map } = JSON.parse(readFileSync(path, 'utf8')) as { weight_map?: unknown };
    const entries = Object.entries(map as Record<string, unknown>);
    if (entries.every((entry): entry is [string, string] => typeof entry[1] === 'string' && basename(entry[1]) === entry[1])) return new Map(entries);
  } catch (cause) {
    throw new UserError(`${path} cannot be read (${messageOf(cause)}); fetch it again.`, { cause });
  }
  throw new UserError(`${path} is damaged: its weight_map does not give a file beside it for every tensor; fetch it again.`);
}
