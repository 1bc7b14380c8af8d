/** Takes what a run has learned to where other programs want it. */
import { cp, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mergedWeights } from '../lora/merge.js';
import { readAdapter } from '../lora/peft.js';
import { readModel } from '../models/registry.js';
import { initialWeights } from '../models/weights.js';
import { UserError } from '../util/errors.js';
import { writeSafetensors } from '../weights/safetensors.js';
import { writeWhole } from './checkpoint.js';
import { copyTokenizer } from './output.js';

export const exportFormats = ['peft', 'merged'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface ExportOptions {
  /** The base model's folder. */
  readonly model: string;
  readonly tokenizer: string | null;
  /** The run's output: an adapter folder, or a whole model's. */
  readonly output: string;
  readonly kind: 'adapter' | 'model';
  readonly format: ExportFormat;
  readonly out: string;
}

/** Writes the folder `out` whole; an existing folder that is not empty is left alone. */
export async function exportRun(options: ExportOptions): Promise<void> {
  const { kind, format, output, out } = options;
  const there = await readdir(out).catch(() => []);
  if (there.length > 0) throw new UserError(`${out} is not empty; give --out a new folder.`);
  if (format === 'peft' && kind === 'model') {
    throw new UserError('This run trained the model itself, so there is no adapter to export; use --format merged.');
  }
  if (format === 'peft' || kind === 'model') {
    await writeWhole(out, (temporary) => cp(output, temporary, { recursive: true }));
    return;
  }
  await writeWhole(out, (temporary) => writeMerged(options, temporary));
}

/** W + scale · B·A at every adapted linear, everything else as in the base; F32. */
async function writeMerged({ model: folder, tokenizer, output }: ExportOptions, out: string): Promise<void> {
  const model = readModel(folder);
  const merged = mergedWeights(model, readAdapter(output), initialWeights(model, folder));
  await writeSafetensors(join(out, 'model.safetensors'), model.parameters, merged);
  await writeFile(join(out, 'config.json'), JSON.stringify({ ...model.config, torch_dtype: 'float32' }, null, 2));
  await copyTokenizer({ model: folder, tokenizer }, out);
}
