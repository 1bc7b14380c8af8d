import { resolve } from 'node:path';
import { homeFolder } from '../config/home.js';
import { modelCard } from '../export/card.js';
import { exportRun, type ExportFormat, type ExportType } from '../export/run.js';
import { purposeOf } from '../models/task.js';
import { openReader } from '../store/reader.js';
import type { RunRecord } from '../store/rows.js';
import { onlyRun } from './reference.js';
import { learnedFolder } from './subject.js';
import type { Terminal } from './terminal.js';

interface Options {
  readonly format: ExportFormat;
  readonly type?: ExportType;
  readonly out: string;
  /** In GB. */
  readonly shardSize: number;
}

/** Writes the newest that a run has learned to a folder of its own. */
export async function exportLearned(terminal: Terminal, reference: string, { format, type, out: place, shardSize }: Options): Promise<void> {
  const reader = openReader(homeFolder(terminal.env));
  try {
    const run = onlyRun(reader, reference);
    const out = resolve(place);
    await exportTo(run, { format, type, out, shardBytes: shardSize * 1e9 });
    terminal.print(`wrote ${out}`);
    const { quantization } = run.config;
    if (quantization !== 'none' && (format === 'merged' || format === 'gguf')) terminal.print(`the base's ${quantization} weights, which the adapter was trained on, are in it as full numbers`);
  } finally {
    reader.close();
  }
}

interface Target {
  readonly format: ExportFormat;
  readonly type?: ExportType;
  /** An absolute path. */
  readonly out: string;
  readonly shardBytes?: number;
}

/** Writes the newest that a run has learned. */
export function exportTo(run: RunRecord, { format, type, out, shardBytes = 5e9 }: Target): Promise<void> {
  const { model, tokenizer, finetuning, quantization } = run.config;
  return exportRun({
    name: run.name,
    model,
    purpose: purposeOf(run.config),
    tokenizer,
    output: learnedFolder(run),
    kind: finetuning === 'lora' ? 'adapter' : 'model',
    format,
    type: type ?? null,
    out,
    quantization,
    shardBytes,
    card: modelCard(run.config, run, format),
  });
}
