import { resolve } from 'node:path';
import { homeFolder } from '../config/home.js';
import type { Experiment } from '../config/schema.js';
import { purposeOf } from '../models/task.js';
import { openReader } from '../store/reader.js';
import type { RunRecord } from '../store/rows.js';
import { exportRun, type ExportFormat } from '../trainer/export.js';
import { onlyRun } from './reference.js';
import { learnedFolder } from './subject.js';
import type { Terminal } from './terminal.js';

function dequantised({ quantization }: Experiment): boolean {
  return quantization === 'int8' || quantization === 'int4';
}

/** Writes the newest that a run has learned to a folder of its own. */
export async function exportLearned(terminal: Terminal, reference: string, options: { readonly format: ExportFormat; readonly out: string }): Promise<void> {
  const reader = openReader(homeFolder(terminal.env));
  try {
    const run = onlyRun(reader, reference);
    const out = resolve(options.out);
    await exportTo(run, { format: options.format, out });
    terminal.print(`wrote ${out}`);
    if (options.format === 'merged' && dequantised(run.config)) terminal.print(`the base's ${run.config.quantization} weights, which the adapter was trained on, are in it as f32`);
  } finally {
    reader.close();
  }
}

/** Writes the newest that a run has learned to an absolute path. */
export function exportTo(run: RunRecord, { format, out }: { readonly format: ExportFormat; readonly out: string }): Promise<void> {
  const { model, tokenizer, finetuning, quantization } = run.config;
  return exportRun({ model, purpose: purposeOf(run.config), tokenizer, output: learnedFolder(run), kind: finetuning === 'lora' ? 'adapter' : 'model', format, out, quantization });
}
