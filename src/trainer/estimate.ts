/** What a configuration will cost, before it runs: what `workbench estimate` prints and the screen shows live. */
import type { Experiment } from '../config/schema.js';
import { cost } from '../graph/cost.js';
import type { Fn } from '../graph/node.js';
import type { Model } from '../models/contract.js';
import { readModel } from '../models/registry.js';
import { sizeOf } from '../util/tensor.js';
import { UserError } from '../util/errors.js';
import { totalUpdates } from './policy.js';
import { microStep } from './program.js';
import { tuningOf, type Tuning } from './tuning.js';


export interface MemoryParts {
  readonly weights: number;
  readonly trainable: number;
  readonly gradients: number;
  readonly optimizer: number;
  readonly activations: number;
  /** The program itself: Node, the engine, the tokenised data. */
  readonly runtime: number;
}

export interface Estimate {
  readonly total_parameters: number;
  readonly trainable_parameters: number;
  readonly effective_batch: number;
  readonly steps: number;
  readonly steps_per_epoch: number;
  /** Tokens of one update when every row is of `max_length`. */
  readonly tokens_per_step: number;
  readonly flops_per_step: number;
  /** Bytes by part, and their sum. */
  readonly memory: MemoryParts;
  readonly memory_bytes: number;
  readonly available_memory_bytes: number;
  readonly fits: boolean;
  readonly warnings: readonly string[];
}

export interface EstimateHints {
  /** When it has been read already; else it is read from `experiment.model`. */
  readonly model?: Model;
  /** Rows to train on; without it, steps by epochs are counted for one batch an epoch. */
  readonly rows?: number;
  /** Tokens of the longest row, where it is below `max_length`. */
  readonly longestRow?: number;
}

/** Node, the native libraries and the tokeniser, before a model is loaded; measured on Linux x64. */
const runtimeBytes = 190e6;

const float = 4;

/**
 * Counts a configuration's parameters, updates, work and memory without reading any weights. Throws the
 * same UserErrors as a run would for a model that cannot be read or targets that match nothing.
 */
export function estimate(experiment: Experiment, hints: EstimateHints = {}): Estimate {
  const model = hints.model ?? readModel(experiment.model);
  if (experiment.max_length > model.contextLength) {
    throw new UserError(`max_length is ${experiment.max_length}, but the model was made for ${model.contextLength} tokens; set max_length to ${model.contextLength} or less.`);
  }
  const { tuning, fn } = stepOf(experiment, model);
  const { train } = experiment;
  const trainable = count(tuning.trainable);
  const frozen = count(tuning.frozen);

  const B = train.per_device_train_batch_size;
  const T = Math.min(experiment.max_length, roundUp(hints.longestRow ?? experiment.max_length, 8));
  const step = cost(fn, { B, T, N: B * T });
  const memory: MemoryParts = {
    weights: frozen * float,
    trainable: trainable * float,
    gradients: trainable * float,
    optimizer: 2 * trainable * float,
    // The update holds a few temporaries of the largest tensor at a time; below that, the step decides.
    activations: Math.max(step.peakBytes, 4 * float * Math.max(...tuning.trainable.map(({ shape }) => sizeOf(shape)))),
    runtime: runtimeBytes,
  };
  const memory_bytes = Object.values(memory).reduce((sum: number, bytes: number) => sum + bytes, 0);
  const available_memory_bytes = process.availableMemory();

  const effective_batch = B * train.gradient_accumulation_steps;
  const steps_per_epoch = Math.max(1, Math.ceil((hints.rows ?? effective_batch) / effective_batch));
  return {
    total_parameters: frozen + trainable,
    trainable_parameters: trainable,
    effective_batch,
    steps: totalUpdates(train, steps_per_epoch),
    steps_per_epoch,
    tokens_per_step: effective_batch * T,
    flops_per_step: step.flops * train.gradient_accumulation_steps,
    memory,
    memory_bytes,
    available_memory_bytes,
    fits: memory_bytes <= available_memory_bytes,
    warnings: warningsOf(experiment, hints.rows),
  };
}

/** The last few programs, so that a screen can ask at every key without building the graph again. */
const remembered = new Map<string, { tuning: Tuning; fn: Fn }>();

function stepOf(experiment: Experiment, model: Model): { tuning: Tuning; fn: Fn } {
  const { finetuning, lora, freeze } = experiment;
  const key = JSON.stringify([model.config, finetuning, lora, freeze]);
  const known = remembered.get(key);
  if (known) return known;
  const tuning = tuningOf(experiment, model);
  const built = { tuning, fn: microStep(model, tuning).fn };
  if (remembered.size >= 8) remembered.delete(remembered.keys().next().value!);
  remembered.set(key, built);
  return built;
}

function warningsOf({ init, finetuning, lora, train }: Experiment, rows: number | undefined): string[] {
  const warnings: string[] = [];
  const ratio = lora.lora_alpha / lora.r;
  if (finetuning === 'lora' && !lora.use_rslora && (ratio < 0.5 || ratio > 8)) {
    warnings.push(`lora_alpha / r is ${Number(ratio.toPrecision(3))}, which is unusually ${ratio < 1 ? 'low' : 'high'}; 1 to 4 is usual.`);
  }
  const batch = train.per_device_train_batch_size * train.gradient_accumulation_steps;
  if (rows !== undefined && batch > rows) warnings.push(`An update takes ${batch} rows, but there are only ${rows}.`);
  if (finetuning === 'full' && init === 'pretrained' && train.learning_rate > 1e-3) warnings.push(`A learning rate of ${train.learning_rate} is high for full fine-tuning; 1e-5 to 1e-4 is usual.`);
  return warnings;
}

function count(parameters: readonly { readonly shape: readonly number[] }[]): number {
  return parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
