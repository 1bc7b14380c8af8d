import { mkdirSync } from 'node:fs';
import { parseExperiment } from '../../src/config/parse.js';
import { writeAdapter } from '../../src/lora/peft.js';
import { readModel } from '../../src/models/registry.js';
import { tuningOf } from '../../src/trainer/tuning.js';
import { Random } from '../../src/util/random.js';
import { f32, sizeOf } from '../../src/util/tensor.js';

/** An adapter whose every number is random, B too. Returns its folder. */
export async function writeTinyAdapter(folder: string, base: string): Promise<string> {
  const experiment = parseExperiment({ model: base, dataset: { path: base, format: 'text' }, lora: { r: 4 } });
  const model = readModel(base);
  const { trainable } = tuningOf(experiment, model);
  mkdirSync(folder, { recursive: true });
  await writeAdapter(folder, {
    model,
    baseModel: base,
    config: experiment.lora,
    parameters: trainable,
    read: (name) => {
      const shape = trainable.find((each) => each.name === name)!.shape;
      const random = new Random(name, 1);
      return Promise.resolve(f32(shape, Float32Array.from({ length: sizeOf(shape) }, () => 0.2 * random.normal())));
    },
  });
  return folder;
}
