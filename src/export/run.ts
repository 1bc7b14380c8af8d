/** Takes what a run has learned to where other programs want it. */
import { copyFile, lstat, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Experiment } from '../config/schema.js';
import { readTokenizerFiles } from '../data/tokenizer/files.js';
import { readAdapter } from '../lora/peft.js';
import type { Model } from '../models/contract.js';
import { readModel } from '../models/registry.js';
import type { Purpose } from '../models/task.js';
import { initialWeights } from '../models/weights.js';
import { writeWhole } from '../trainer/checkpoint/checkpoint.js';
import { copyBeside, writeConfig } from '../trainer/checkpoint/output.js';
import { mergedModel } from '../trainer/adapted.js';
import { asQuantized } from '../trainer/quantized.js';
import { untuned } from '../trainer/tuning.js';
import { UserError } from '../util/errors.js';
import type { Tensor } from '../util/tensor.js';
import { type StoredType, writeShards } from '../weights/shards.js';
import { writeGgufAdapter } from './gguf/adapter.js';
import { architectureOf, isInGguf } from './gguf/architecture.js';
import { writeGgufModel } from './gguf/merged.js';
import { continuesTexts, writeOnnxModel } from './onnx.js';

export const exportFormats = ['peft', 'merged', 'gguf', 'gguf-lora', 'onnx'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** How the numbers of a format are kept; the first is what is taken if nothing is said. */
export const exportTypes = { peft: ['f32'], merged: ['f32', 'f16', 'bf16'], gguf: ['f16', 'q8_0', 'f32'], 'gguf-lora': ['f32'], onnx: ['f32'] } as const satisfies Record<ExportFormat, readonly string[]>;
export type ExportType = (typeof exportTypes)[ExportFormat][number];

/** Which formats a model can be written in, or an adapter of it. */
export function formatsFor(model: Model, kind: 'adapter' | 'model'): ExportFormat[] {
  const inGguf = isInGguf(model);
  const can: Readonly<Record<ExportFormat, boolean>> = { peft: kind === 'adapter', merged: true, gguf: inGguf, 'gguf-lora': inGguf && kind === 'adapter', onnx: continuesTexts(model) };
  return exportFormats.filter((format) => can[format]);
}

export interface ExportOptions {
  /** Of the file or the model, in it. */
  readonly name: string;
  /** What the model was read for; else what its config names. */
  readonly purpose?: Purpose;
  /** The base model's folder. */
  readonly model: string;
  readonly tokenizer: string | null;
  /** The run's output: an adapter folder, or a whole model's. */
  readonly output: string;
  readonly kind: 'adapter' | 'model';
  readonly format: ExportFormat;
  readonly type: ExportType | null;
  readonly out: string;
  /** How the run held the base: the adapter was trained on those weights. */
  readonly quantization: Experiment['quantization'];
  /** The largest file of weights. */
  readonly shardBytes: number;
  /** README.md, or null for none. */
  readonly card: string | null;
}

/** Writes the folder `out` whole. Whatever is there already, other than an empty folder, is left alone. */
export async function exportRun(options: ExportOptions): Promise<void> {
  const { kind, format, out, card } = options;
  const types: readonly string[] = exportTypes[format];
  const type = options.type ?? exportTypes[format][0];
  if (!types.includes(type)) throw new UserError(`--format ${format} keeps numbers as ${types.join(' or ')}, not ${type}`);
  await refuseExisting(out);
  if ((format === 'peft' || format === 'gguf-lora') && kind === 'model') {
    throw new UserError('This run trained the model itself, so there is no adapter to export; use --format merged, gguf or onnx.');
  }
  await writeWhole(out, async (temporary) => {
    await writers[format](options, temporary, type);
    if (card !== null) await writeFile(join(temporary, 'README.md'), card);
  });
}

type Writer = (options: ExportOptions, folder: string, type: ExportType) => Promise<void>;

const writers: Readonly<Record<ExportFormat, Writer>> = {
  peft: ({ output }, folder) => copyFiles(output, folder, ['adapter_config.json', 'adapter_model.safetensors']),

  async merged(options, folder, type) {
    const { model, read } = learnedModel(options);
    await writeShards(folder, model.parameters, read, { type: type as StoredType, shardBytes: options.shardBytes });
    await writeConfig(model, folder, { base: options.model, type: type as StoredType });
    await copyBeside(options, folder);
  },

  async gguf(options, folder, type) {
    const { model, read } = learnedModel(options);
    architectureOf(model); // what is no GGUF is refused before its tokenizer is looked at
    const element = type as (typeof exportTypes)['gguf'][number];
    await writeGgufModel(join(folder, `${options.name}-${element}.gguf`), { name: options.name, model, tokenizer: readTokenizerFiles(options.tokenizer ?? options.model), element, read });
  },

  'gguf-lora': ({ name, model, purpose, output }, folder) => writeGgufAdapter(join(folder, `${name}-lora.gguf`), name, readModel(model, purpose), readAdapter(output)),

  async onnx(options, folder) {
    await writeOnnxModel(folder, { ...learnedModel(options), base: options.model });
    await copyBeside(options, folder, ['generation_config.json']);
  },
};

async function refuseExisting(out: string): Promise<void> {
  const there = await lstat(out).catch(() => null);
  if (there === null) return;
  if (!there.isDirectory()) throw new UserError(`${out} is there already and is no folder; give --out a new one.`);
  if ((await readdir(out)).length > 0) throw new UserError(`${out} is not empty; give --out a new folder.`);
}

/** By name: a checkpoint, which a run without an output exports, holds more than other programs want. */
async function copyFiles(from: string, to: string, names: readonly string[]): Promise<void> {
  for (const name of names) await copyFile(join(from, name), join(to, name));
}

/**
 * The model as it was learned, its weights read one at a time: those of a trained model; else W + scale · B·A
 * at every adapted linear and everything else as in the base, which is the dequantised one where a run quantised it.
 */
function learnedModel({ model: folder, output, kind, quantization, purpose }: ExportOptions): { model: Model; read: (name: string) => Tensor<'f32'> } {
  if (kind === 'model') {
    const model = readModel(output, purpose);
    return { model, read: initialWeights(model, output) };
  }
  const model = readModel(folder, purpose);
  const { quantized } = untuned(model, { quantization, precision: 'f32' });
  const base = initialWeights(model, folder);
  return mergedModel(model, readAdapter(output), quantized === null ? base : asQuantized(quantized, base));
}
