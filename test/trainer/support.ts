/** Whole runs on the demo that the repository ships, in this process, and an engine with faults. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import type { Experiment } from '../../src/config/schema.js';
import type { Engine, Executable } from '../../src/engine/contract.js';
import { chooseEngine } from '../../src/engine/registry.js';
import type { Program } from '../../src/graph/node.js';
import type { Control, LiveChange, StepEvent, TrainEvent } from '../../src/trainer/events.js';
import type { TrainContext } from '../../src/trainer/context.js';
import { train } from '../../src/trainer/train.js';
import { scalar } from '../../src/util/tensor.js';

export const demo = fileURLToPath(new URL('../../experiments/demo/', import.meta.url));
export const home = mkdtempSync(join(tmpdir(), 'workbench-train-'));

afterAll(() => rmSync(home, { recursive: true, force: true }));

type Changes = Record<string, unknown> & { train?: Record<string, unknown>; lora?: Record<string, unknown> };

export function experimentOf({ train: training, lora, ...rest }: Changes = {}): Experiment {
  return parseExperiment({
    model: join(demo, 'model'),
    dataset: { path: join(demo, 'reviews'), format: 'classification', max_samples: 96 },
    max_length: 64,
    lora: { r: 4, lora_dropout: 0.1, ...lora },
    train: { per_device_train_batch_size: 4, gradient_accumulation_steps: 2, max_steps: 6, eval_steps: 3, save_steps: 3, learning_rate: 3e-3, ...training },
    ...rest,
  });
}

export interface Run {
  readonly events: readonly TrainEvent[];
  readonly folder: string;
  readonly log: readonly string[];
}

export async function run(experiment: Experiment, options: { resumeFrom?: readonly string[]; controls?: (events: readonly TrainEvent[]) => readonly Control[]; changes?: (events: readonly TrainEvent[]) => readonly LiveChange[]; closeChanges?: () => boolean; chooseEngine?: TrainContext['chooseEngine'] } = {}): Promise<Run> {
  const folder = mkdtempSync(join(home, 'run-'));
  const events: TrainEvent[] = [];
  const log: string[] = [];
  await train(experiment, {
    runFolder: folder,
    home,
    resumeFrom: options.resumeFrom ?? [],
    emit: (event) => events.push(event),
    log: (line) => log.push(line),
    takeControls: () => options.controls?.(events) ?? [],
    takeChanges: () => options.changes?.(events) ?? [],
    closeChanges: options.closeChanges ?? (() => true),
    chooseEngine: options.chooseEngine ?? chooseEngine,
  });
  return { events, folder, log };
}

export const losses = ({ events }: Run): number[] => events.filter((event): event is StepEvent => event.type === 'step').map(({ loss }) => loss);
/** What happened, in order; advice about the settings aside. */
export const types = ({ events }: Run): string[] => events.map(({ type }) => type).filter((type) => type !== 'warning');
export const adapterOf = ({ folder }: Run): Buffer => readFileSync(join(folder, 'adapter', 'adapter_model.safetensors'));

/** The engine, with another `run` in each of its executables. */
export function watched(runOf: (executable: Executable, program: Program) => Executable['run']): TrainContext['chooseEngine'] {
  return async (config) => {
    const { engine, ...chosen } = await chooseEngine(config);
    const compile: Engine['compile'] = async (program, options) => {
      const executable = await engine.compile(program, options);
      return {
        description: executable.description,
        variableBytes: executable.variableBytes,
        placement: (fn) => executable.placement(fn),
        read: (name) => executable.read(name),
        write: (name, value) => executable.write(name, value),
        dispose: () => executable.dispose(),
        run: runOf(executable, program),
      };
    };
    return { ...chosen, engine: { name: engine.name, probe: (device) => engine.probe(device), unsupported: (device) => engine.unsupported(device), halves: (device) => engine.halves(device), compile } };
  };
}

/** The engine with a fault: `disturb` may throw at a micro-step, or give another loss; `disturbNorm` another gradient norm; `disturbOther` may throw at what is no micro-step. */
export function faulty(disturb: (rows: number, call: number) => number | null, disturbNorm: (call: number) => number | null = () => null, disturbOther: (fn: string, rows: number) => void = () => undefined): TrainContext['chooseEngine'] {
  return watched((executable) => {
    let calls = 0;
    let norms = 0;
    return async (fn, feeds) => {
      const loss = fn === 'micro_step' ? disturb(feeds['input_ids'].shape[0], ++calls) : null;
      if (fn !== 'micro_step') disturbOther(fn, feeds['input_ids']?.shape[0] ?? 0);
      const result = await executable.run(fn, feeds);
      const norm = fn === 'grad_norm' ? disturbNorm(++norms) : null;
      if (norm !== null) return { ...result, norm: scalar(norm) };
      return loss === null ? result : { ...result, loss: scalar(loss) };
    };
  });
}
