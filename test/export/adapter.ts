import { mkdirSync } from 'node:fs';
import { parseExperiment } from '../../src/config/parse.js';
import type { Experiment } from '../../src/config/schema.js';
import { writeAdapter } from '../../src/lora/peft.js';
import { readModel } from '../../src/models/registry.js';
import { purposeOf } from '../../src/models/task.js';
import { tuningOf } from '../../src/trainer/tuning.js';
import { Random } from '../../src/util/random.js';
import { f32, sizeOf } from '../../src/util/tensor.js';

/** An adapter whose every number is random, B too. Returns its folder. */
export async function writeTinyAdapter(folder: string, base: string, stage: Experiment['stage'] = 'sft'): Promise<string> {
  const experiment = parseExperiment({ model: base, stage, dataset: { path: base, format: stage === 'seq2seq' ? 'prompt-completion' : stage === 'classify' ? 'classification' : 'text' }, lora: { r: 4 } });
  const model = readModel(base, purposeOf(experiment));
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
