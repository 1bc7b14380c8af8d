/** Takes what a run has learned to where other programs want it. */
import { copyFile, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Experiment } from '../config/schema.js';
import { mergedWeights } from '../lora/merge.js';
import { readAdapter } from '../lora/peft.js';
import { readModel } from '../models/registry.js';
import type { Purpose } from '../models/task.js';
import { initialWeights } from '../models/weights.js';
import { UserError } from '../util/errors.js';
import { writeSafetensors } from '../weights/safetensors.js';
import { writeWhole } from './checkpoint.js';
import { copyTokenizer, writeConfig } from './output.js';
import { asQuantized } from './quantized.js';
import { untuned } from './tuning.js';

export const exportFormats = ['peft', 'merged'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface ExportOptions {
  /** What the model was read for; else what its config names. */
  readonly purpose?: Purpose;
  /** The base model's folder. */
  readonly model: string;
  readonly tokenizer: string | null;
  /** The run's output: an adapter folder, or a whole model's. */
  readonly output: string;
  readonly kind: 'adapter' | 'model';
  readonly format: ExportFormat;
  readonly out: string;
  /** How the run held the base: the adapter was trained on those weights. */
  readonly quantization: Experiment['quantization'];
}

/** Writes the folder `out` whole. Whatever is there already, other than an empty folder, is left alone. */
export async function exportRun(options: ExportOptions): Promise<void> {
  const { kind, format, output, out } = options;
  await refuseExisting(out);
  if (format === 'peft' && kind === 'model') {
    throw new UserError('This run trained the model itself, so there is no adapter to export; use --format merged.');
  }
  await writeWhole(out, async (temporary) => {
    if (format === 'peft') await copyFiles(output, temporary, ['adapter_config.json', 'adapter_model.safetensors']);
    else if (kind === 'model') await copyFiles(output, temporary, ['config.json', 'model.safetensors']);
    else await writeMerged(options, temporary);
    if (format === 'merged') await copyTokenizer(options, temporary);
  });
}

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

/** W + scale · B·A at every adapted linear, everything else as in the base, which is the dequantised one where a run quantised it; F32. */
async function writeMerged({ model: folder, output, quantization, purpose }: ExportOptions, out: string): Promise<void> {
  const model = readModel(folder, purpose);
  const { quantized } = untuned(model, quantization);
  const base = initialWeights(model, folder);
  const merged = mergedWeights(model, readAdapter(output), quantized === null ? base : asQuantized(quantized, base));
  await writeSafetensors(join(out, 'model.safetensors'), model.parameters, merged);
  await writeConfig(model, out);
}
