import { resolve } from 'node:path';
import { homeFolder } from '../config/home.js';
import { modelCard } from '../export/card.js';
import { exportRun, formatsFor, type ExportFormat, type ExportType } from '../export/run.js';
import { readModel } from '../models/registry.js';
import { purposeOf } from '../models/task.js';
import { openReader } from '../store/reader.js';
import type { RunRecord } from '../store/rows.js';
import { UserError } from '../util/errors.js';
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

/** The formats that what a run has learned can be written in; where its base is gone, those that do without. */
export function formatsOf(run: RunRecord): readonly ExportFormat[] {
  const { model, finetuning } = run.config;
  const kind = kindOf(run);
  try {
    return formatsFor(readModel(finetuning === 'lora' ? model : learnedFolder(run), purposeOf(run.config)), kind);
  } catch (error) {
    if (kind === 'model' || !(error instanceof UserError)) throw error;
    return ['peft'];
  }
}

function kindOf({ config }: RunRecord): 'adapter' | 'model' {
  return config.finetuning === 'lora' ? 'adapter' : 'model';
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
  const { model, tokenizer, quantization } = run.config;
  return exportRun({
    name: run.name,
    model,
    purpose: purposeOf(run.config),
    tokenizer,
    output: learnedFolder(run),
    kind: kindOf(run),
    format,
    type: type ?? null,
    out,
    quantization,
    shardBytes,
    card: modelCard(run.config, run, format),
  });
}
