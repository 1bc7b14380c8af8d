/** What `eval` and `generate` work on: a run with what it learned, or a model folder. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { homeFolder, type Environment } from '../config/home.js';
import { parseExperiment } from '../config/parse.js';
import type { Experiment } from '../config/schema.js';
import { chooseEngine } from '../engine/registry.js';
import { resolveModelPath } from '../models/discover.js';
import { readModel } from '../models/registry.js';
import { defaultStage, purposeOf } from '../models/task.js';
import { withModuleOf } from '../runner/module.js';
import { withScratch } from '../runner/scratch-folder.js';
import { writtenBest } from '../runner/written.js';
import { runFolder } from '../store/folders.js';
import type { RunRecord, StoreReader } from '../store/rows.js';
import { openReader } from '../store/reader.js';
import { openModel, type OpenModel } from '../trainer/open.js';
import { called } from '../ui/format/run.js';
import { UserError } from '../util/errors.js';
import { modelPlaces } from './places.js';
import { newestRun } from './reference.js';
import type { Terminal } from './terminal.js';

export interface Subject {
  readonly model: string;
  /** A PEFT adapter folder on top, or null. */
  readonly adapter: string | null;
  readonly tokenizer: string | null;
  /** The run's configuration; for a folder, the defaults with its longest row. */
  readonly experiment: Experiment;
  readonly run: RunRecord | null;
  readonly weights: Weights;
}

/** What is evaluated or asked. */
export interface Weights {
  /** learned: what a run ended with; checkpoint: what it has saved last; base: what it began with; folder: a model, with or without an adapter. */
  readonly kind: 'learned' | 'checkpoint' | 'base' | 'folder';
  readonly path: string;
  /** Updates that they have learned from, where that is known. */
  readonly step: number | null;
  /** What they are the best by, where the run has written those instead of its last. */
  readonly best_by: string | null;
}

/** What of a model or of a run is meant. */
export interface Choice {
  /** A PEFT adapter folder to put on a model folder. */
  readonly adapter?: string;
  /** The model that the run began with, read as the run reads it. */
  readonly base?: true;
}

/** A model folder goes before a run of the same name, and a run before a model that is only named. Throws a UserError when the reference is none of them. */
export function findSubject(terminal: Terminal, reference: string, { adapter, base }: Choice): Subject {
  const { env } = terminal;
  if (existsSync(join(reference, 'config.json'))) {
    if (base) throw new UserError(`--base is the model that a run began with, and ${reference} is a model: leave it out`);
    return folderSubject(reference, adapter);
  }
  const reader = openReader(homeFolder(env));
  try {
    const run = runOrModel(terminal, reader, reference);
    if (typeof run === 'string') {
      if (base) throw new UserError(`--base is the model that a run began with, and ${reference} is a model: leave it out`);
      return folderSubject(run, adapter);
    }
    if (adapter !== undefined) throw new UserError('--adapter goes with a model folder; a run has its own');
    return base ? baseSubject(run, homeFolder(env)) : runSubject(run, homeFolder(env), reader);
  } finally {
    reader.close();
  }
}

/** The run, or else the folder of a model of this name, as `workbench models` lists it. */
function runOrModel(terminal: Terminal, reader: StoreReader, reference: string): RunRecord | string {
  try {
    return newestRun(terminal, reader, reference);
  } catch (noRun) {
    if (!(noRun instanceof UserError)) throw noRun;
    try {
      return resolveModelPath(reference, modelPlaces(terminal.env));
    } catch (noModel) {
      throw reference.includes('/') ? noModel : noRun;
    }
  }
}

/** The newest that a run has learned: its output, or else its last checkpoint. */
export function learnedFolder(run: RunRecord): string {
  const folder = run.output ?? run.checkpoints.at(-1)?.path;
  if (folder === undefined) throw new UserError(`${run.name} (${run.id}, ${run.state}) has saved nothing yet; see: workbench show ${run.id}`);
  if (!existsSync(folder)) throw new UserError(`what ${called(run)} learned is no longer in ${folder}; it may have been deleted by hand`);
  return folder;
}

/** Of what `learnedFolder` gives. A run that has gone on since it wrote its output does not say after which update that was. */
function learnedWeights(run: RunRecord, path: string, reader: StoreReader): Weights {
  if (path !== run.output) return { kind: 'checkpoint', path, step: run.checkpoints.at(-1)?.step ?? null, best_by: null };
  if (run.state !== 'completed' && run.state !== 'stopped') return { kind: 'learned', path, step: null, best_by: null };
  const best = writtenBest(reader, run);
  return { kind: 'learned', path, step: best?.step ?? run.step, best_by: best?.metric ?? null };
}

/** Loads the subject into an engine, lets `use` work with it, and takes everything down again. */
export async function withModel<Result>(subject: Subject, env: Environment, use: (open: OpenModel) => Promise<Result>): Promise<Result> {
  const { model, adapter, tokenizer, experiment, run } = subject;
  return withScratch(homeFolder(env), async (scratch) => {
    const open = await openModel({ model, purpose: run === null && adapter === null ? null : purposeOf(experiment), adapter, tokenizer, quantization: experiment.quantization, precision: experiment.precision, engine: experiment.engine, chooseEngine, scratch });
    try {
      return await use(open);
    } finally {
      await open.close();
    }
  });
}

function runSubject(run: RunRecord, home: string, reader: StoreReader): Subject {
  const config = withModuleOf(runFolder(home, run.id), run.config);
  const learned = learnedFolder(run);
  const shared = { tokenizer: config.tokenizer ?? config.model, experiment: config, run, weights: learnedWeights(run, learned, reader) };
  return config.finetuning === 'lora' ? { model: config.model, adapter: learned, ...shared } : { model: learned, adapter: null, ...shared };
}

function baseSubject(run: RunRecord, home: string): Subject {
  const config = withModuleOf(runFolder(home, run.id), run.config);
  if (config.init === 'random') throw new UserError(`${called(run)} began with random values, and has no base`);
  return { model: config.model, adapter: config.lora.adapter_name_or_path, tokenizer: config.tokenizer, experiment: config, run, weights: { kind: 'base', path: config.model, step: 0, best_by: null } };
}

/** What rows are taken to be where nobody has said it. */
const formats = { 'next-token': 'text', 'masked-token': 'text', 'target-text': 'prompt-completion', class: 'classification' } as const;

export function folderSubject(folder: string, adapter: string | undefined): Subject {
  const model = resolve(folder);
  const read = readModel(model);
  const stage = defaultStage(read);
  const experiment = parseExperiment({ model, stage, max_length: Math.min(512, read.contextLength), dataset: { path: model, format: formats[read.task] } });
  return { model, adapter: adapter === undefined ? null : resolve(adapter), tokenizer: null, experiment, run: null, weights: { kind: 'folder', path: adapter === undefined ? model : resolve(adapter), step: null, best_by: null } };
}
