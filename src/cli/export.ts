import { resolve } from 'node:path';
import { homeFolder } from '../config/home.js';
import type { Experiment } from '../config/schema.js';
import { openReader } from '../store/reader.js';
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
    await exportRun({
      model: run.config.model,
      tokenizer: run.config.tokenizer,
      output: learnedFolder(run),
      kind: run.config.finetuning === 'lora' ? 'adapter' : 'model',
      format: options.format,
      out,
      quantization: run.config.quantization,
    });
    terminal.print(`wrote ${out}`);
    if (options.format === 'merged' && dequantised(run.config)) terminal.print(`the base's ${run.config.quantization} weights, which the adapter was trained on, are in it as f32`);
  } finally {
    reader.close();
  }
}
