/** Writes what a run has learned: a PEFT adapter, or a whole Hugging Face folder. */
import { copyFile, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Experiment } from '../../config/schema.js';
import type { Executable } from '../../engine/contract.js';
import { writeAdapter } from '../../lora/peft.js';
import { withFloats } from '../../models/config.js';
import type { Model } from '../../models/contract.js';
import { bytesOf, sizeOf, type Tensor } from '../../util/tensor.js';
import { narrowings } from '../../weights/dtype.js';
import { writeSafetensors } from '../../weights/safetensors.js';
import { sealCheckpoint, writeWhole, type CheckpointState } from './checkpoint.js';
import { checkpointParameters } from '../initial.js';
import { optimizerState } from '../optimizer.js';
import type { Tuning } from '../tuning.js';

export interface Learned {
  readonly experiment: Experiment;
  readonly model: Model;
  readonly tuning: Tuning;
  readonly executable: Executable;
}

/** The parameters alone, in the folder that other programs load: as they are now, or those of a `checkpoint`. Returns its path. */
export async function writeOutput(learned: Learned, runFolder: string, checkpoint: string | null = null): Promise<string> {
  const parameters = checkpoint === null ? null : checkpointParameters(checkpoint);
  const folder = join(runFolder, learned.experiment.finetuning === 'lora' ? 'adapter' : 'model');
  await writeWhole(folder, async (temporary) => {
    await writeParameters(learned, temporary, parameters === null ? undefined : (name) => Promise.resolve(parameters(name)));
    if (learned.experiment.finetuning !== 'lora') await copyBeside(learned.experiment, temporary);
  });
  return folder;
}

/** What a checkpoint takes on disk, but for headers and texts. */
export function checkpointBytes({ experiment, model, tuning }: Pick<Learned, 'experiment' | 'model' | 'tuning'>): number {
  const parameters = (experiment.finetuning === 'lora' ? tuning.trainable : model.parameters).map(({ shape }) => ({ dtype: 'f32' as const, shape }));
  return [...parameters, ...optimizerState(tuning.trainable, experiment.train)].reduce((sum, { dtype, shape }) => sum + bytesOf[dtype] * sizeOf(shape), 0);
}

/** Parameters, both moments and the state, sealed with their checksums. */
export async function writeCheckpoint(learned: Learned, folder: string, state: CheckpointState): Promise<void> {
  await writeWhole(folder, async (temporary) => {
    await writeParameters(learned, temporary);
    const moments = optimizerState(learned.tuning.trainable, learned.experiment.train);
    await writeSafetensors(join(temporary, 'optimizer.safetensors'), moments, (name) => learned.executable.read(name));
    await sealCheckpoint(temporary, state);
  });
}

async function writeParameters({ experiment, model, tuning, executable }: Learned, folder: string, read = (name: string) => readF32(executable, name)): Promise<void> {
  if (experiment.finetuning === 'lora') {
    await writeAdapter(folder, { model, baseModel: experiment.model, config: experiment.lora, parameters: tuning.trainable, read });
    return;
  }
  await writeSafetensors(join(folder, 'model.safetensors'), model.parameters, read);
  await writeConfig(model, folder, { base: experiment.model });
}

/** The config of `base`, as the model has it, with the type its weights are stored in now; Transformers 5 names it `dtype`, those before `torch_dtype`. */
export async function writeConfig({ config }: Model, folder: string, { base, type = 'f32' }: { readonly base: string; readonly type?: keyof typeof narrowings }): Promise<void> {
  const key = 'dtype' in config ? 'dtype' : 'torch_dtype';
  const text = JSON.stringify({ ...config, [key]: narrowings[type].torch }, null, 2);
  const original = await readFile(join(base, 'config.json'), 'utf8').catch(() => ''); // moved away since: 1.0 is written as 1
  await writeFile(join(folder, 'config.json'), `${withFloats(text, original)}\n`);
}

const tokenizerFiles = /^(tokenizer.*|ice_text|special_tokens_map|added_tokens|vocab|merges|chat_template)\.(json|txt|model|jinja)$/;

/** How texts are chosen, and the code of a family that Transformers does not have (ChatGLM, Baichuan), which it loads from beside the weights. */
const modelFiles = /^(generation_config\.json|(modeling|configuration|tokenization|quantization)\w*\.py)$/;

/** So that the folder that was trained can be loaded without the one it came from; but for `others`, which are written otherwise. */
export async function copyBeside({ model, tokenizer }: Pick<Experiment, 'model' | 'tokenizer'>, folder: string, others: readonly string[] = []): Promise<void> {
  const copy = async (source: string, which: RegExp): Promise<void> => {
    for (const file of await readdir(source)) {
      if (which.test(file) && !others.includes(file)) await copyFile(join(source, file), join(folder, file));
    }
  };
  await copy(tokenizer ?? model, tokenizerFiles);
  await copy(model, modelFiles);
}

async function readF32(executable: Executable, name: string): Promise<Tensor<'f32'>> {
  const tensor = await executable.read(name);
  if (tensor.dtype !== 'f32') throw new Error(`${name} is ${tensor.dtype} where f32 is written`);
  return tensor;
}
