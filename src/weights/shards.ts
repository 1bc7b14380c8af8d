/** A model's weights as Transformers saves them: one file, or several with an index. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sizeOf, type Tensor } from '../util/tensor.js';
import { narrowings } from './dtype.js';
import { writeSafetensors } from './safetensors.js';

interface Named {
  readonly name: string;
  readonly shape: readonly number[];
}

export type StoredType = keyof typeof narrowings;

export interface ShardOptions {
  readonly type: StoredType;
  /** A file ends before it is larger than this; a tensor that is, is a file of its own. */
  readonly shardBytes: number;
}

/** `model.safetensors`; or `model-00001-of-…` with `model.safetensors.index.json`. */
export async function writeShards(folder: string, tensors: readonly Named[], read: (name: string) => Tensor<'f32'> | Promise<Tensor<'f32'>>, { type, shardBytes }: ShardOptions): Promise<void> {
  const bytesOf = ({ shape }: Named): number => narrowings[type].bytes * sizeOf(shape);
  const shards: Named[][] = [[]];
  let filled = 0;
  for (const tensor of tensors) {
    if (filled > 0 && filled + bytesOf(tensor) > shardBytes) {
      shards.push([]);
      filled = 0;
    }
    shards[shards.length - 1].push(tensor);
    filled += bytesOf(tensor);
  }
  if (shards.length === 1) return writeSafetensors(join(folder, 'model.safetensors'), tensors, read, { type });

  const number = (value: number): string => String(value).padStart(5, '0');
  const places: Record<string, string> = {};
  for (const [i, shard] of shards.entries()) {
    const file = `model-${number(i + 1)}-of-${number(shards.length)}.safetensors`;
    await writeSafetensors(join(folder, file), shard, read, { type });
    for (const { name } of shard) places[name] = file;
  }
  const index = { metadata: { total_size: tensors.reduce((sum, tensor) => sum + bytesOf(tensor), 0) }, weight_map: places };
  await writeFile(join(folder, 'model.safetensors.index.json'), `${JSON.stringify(index, null, 2)}\n`);
}
