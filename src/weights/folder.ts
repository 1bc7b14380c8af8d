import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { messageOf, UserError } from '../util/errors.js';
import { SafetensorsFile, type Weights } from './safetensors.js';
import { TorchFile } from './torch.js';

/** The forms weights come in, the one to prefer first. */
const forms = [
  { file: 'model.safetensors', index: 'model.safetensors.index.json', open: (path: string): Weights => SafetensorsFile.open(path) },
  { file: 'pytorch_model.bin', index: 'pytorch_model.bin.index.json', open: (path: string): Weights => TorchFile.open(path) },
] as const;

/** The weights of a Hugging Face folder: one file, or shards by their index. Only headers are read. */
export function openWeights(folder: string): Weights {
  for (const { file, index, open } of forms) {
    if (existsSync(join(folder, file))) return open(join(folder, file));
    if (existsSync(join(folder, index))) return openShards(folder, index, open);
  }
  throw new UserError(`${folder} has no weights: none of ${forms.flatMap(({ file, index }) => [file, index]).join(', ')}; fetch them into it.`);
}

function openShards(folder: string, index: string, open: (path: string) => Weights): Weights {
  const path = join(folder, index);
  const shardOf = readIndex(path);
  const shards = new Map([...new Set(shardOf.values())].map((file) => [file, open(join(folder, file))]));
  for (const [file, shard] of shards) {
    const held = new Set(shard.names);
    for (const [name, holder] of shardOf) {
      if (holder === file && !held.has(name)) throw new UserError(`${path} says that ${name} is in ${file}, but it is not; fetch both again.`);
    }
  }
  const holder = (name: string): Weights => {
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
