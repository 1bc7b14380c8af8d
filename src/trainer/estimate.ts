/** What a configuration will cost, before it runs: what `workbench estimate` prints and the screen shows live. */
import { advise } from '../config/advice.js';
import type { Experiment } from '../config/schema.js';
import { heldOutRows } from '../data/choice.js';
import type { PreparedDataset } from '../data/dataset.js';
import type { Layout } from '../data/batch/layout.js';
import type { BatchExtent } from '../data/batch/extent.js';
import { largestEvalBatch, Loader, type LoaderPosition, updatesPerEpoch } from '../data/batch/loader.js';
import { batchWidth } from '../data/batch/unpadded.js';
import type { EncodedRows } from '../data/rows.js';
import { cost, type Cost } from '../graph/cost.js';
import { isHalf, type Fn, type Variable } from '../graph/node.js';
import type { Model } from '../models/contract.js';
import { readModel } from '../models/registry.js';
import { purposeOf, writes } from '../models/task.js';
import { bytesOf, sizeOf } from '../util/tensor.js';
import { UserError } from '../util/errors.js';
import { labelsAtATime } from './evaluate.js';
import { fillingOf } from './filling.js';
import { answeringBytes } from './generate/extent.js';
import { forwardFn } from './generate/forward.js';
import { chunkLengths, labelChunks } from './labels.js';
import { totalUpdates } from './policy.js';
import { optimizerState } from './optimizer.js';
import { evaluateFn, frozenVariables, microStep, type StepOptions, stepOptions } from './program.js';
import { fewBytes } from './rows.js';
import { tuningOf, type Tuning } from './tuning.js';

export interface MemoryParts {
  readonly weights: number;
  readonly trainable: number;
  readonly gradients: number;
  /** Its moments, and gradients on their way into the sum. */
  readonly optimizer: number;
  /** Of the micro-step, and beside it, since engines keep that for the next, of the evaluation or the update. */
  readonly activations: number;
  /** The program itself: Node, the engine, the tokeniser, the tokenised data; and what tokenising takes beyond all that is here, before any of it is there. */
  readonly runtime: number;
}

export function mapParts({ weights, trainable, gradients, optimizer, activations, runtime }: MemoryParts, change: (bytes: number) => number): MemoryParts {
  return { weights: change(weights), trainable: change(trainable), gradients: change(gradients), optimizer: change(optimizer), activations: change(activations), runtime: change(runtime) };
}

/** What finished runs like this one make of an estimate. */
export interface Calibration {
  /** Runs that it is taken from. */
  readonly runs: number;
  /** What the estimated memory was multiplied by. */
  readonly memory_ratio: number;
  readonly seconds_per_step: number;
}

export interface Estimate {
  readonly total_parameters: number;
  readonly trainable_parameters: number;
  readonly effective_batch: number;
  /** Null where it is not known how many rows there are to train on. */
  readonly steps: number | null;
  readonly steps_per_epoch: number | null;
  /** Rows to train on, rows held out, and rows of both that are longer than `max_length`; null where it is not known. */
  readonly train_rows: number | null;
  readonly eval_rows: number | null;
  readonly cut_rows: number | null;
  /** Tokens that an epoch reads, and those of them that it learns. */
  readonly tokens_per_epoch: number | null;
  readonly labels_per_epoch: number | null;
  /** Which share of the tokens that are computed is padding, and which it would be with padded rows; null where the rows are not known. */
  readonly padding: { readonly share: number; readonly padded: number } | null;
  /** Whether lengths and labels are those of the tokenised rows, or every row is taken to be of `max_length`. */
  readonly based_on: 'rows' | 'max_length';
  /** The most tokens of one update. */
  readonly tokens_per_step: number;
  readonly flops_per_step: number;
  /** As asked for: what `auto` comes to is known on its device, and counted as f32. */
  readonly precision: Experiment['precision'];
  /** Whether blocks are computed again for their gradient: asked for, or needed to fit. */
  readonly gradient_checkpointing: boolean;
  /** Bytes by part, and their sum. */
  readonly memory: MemoryParts;
  readonly memory_bytes: number;
  readonly available_memory_bytes: number;
  readonly fits: boolean;
  /** Where runs like it have been measured on this machine; memory is as they went then. */
  readonly calibration?: Calibration;
  readonly warnings: readonly string[];
}

export interface EstimateHints {
  /** When it has been read already; else it is read from `experiment.model`. */
  readonly model?: Model;
  /** The tokenised rows; `train` as `trainingLoader` gives them, `encoded` how many of their tokens this process made itself. */
  readonly data?: Pick<PreparedDataset, 'eval' | 'cutRows' | 'heldBytes'> & { readonly train: Loader; readonly encoded?: number };
  /** The tokeniser's vocabulary; else it is taken to be the model's. */
  readonly words?: number;
  /** Bytes of the files that a process beside this one has to tokenise first; none where the rows are in the cache. */
  readonly tokenising?: number;
  /** Else rows in the dataset's files, where they have been counted. */
  readonly rows?: number;
}

/** Node, its threads, the store, the native libraries and small tensors, before a model is loaded; measured on Linux x64, as is what follows. */
const runtimeBytes = 170e6;

/** The tokeniser, for each word of its vocabulary: 0.9 to 2.7 kB in seven of them. */
const wordBytes = 1200;

/** Of a block in a compiled micro-step: its nodes, and the message they were read from. A forward pass alone is half of it. */
const blockBytes = 2.5e6;

/** What the heaps of the engine's threads keep of values that come and go without an arena, as in an evaluation. */
const heapBytes = 30e6;

const float = 4;

/** What the tokeniser holds for a token, and how many tokens it makes at a time; measured, it is not given back. */
const tokenBytes = 300;
const encodedAtATime = 1 << 20;

/** A process that has loaded its modules; and what tokenising takes beside that, of texts, what the library makes of them, and parts: no more for a larger corpus. */
const idleBytes = 100e6;
const pieceBytes = 30e6;
const bytesPerByte = 15;
const mostPieceBytes = 140e6;

/** Tokens of a class's name, while the rows are not tokenised. */
const classTokens = 4;

/** What V8 lets pile up outside its heap before it collects: values that were read and put into another form. */
const droppedBytes = 64 * 2 ** 20;

/** Shares of what is counted are no whole bytes; the record holds these. */
function wholeBytes(parts: MemoryParts): MemoryParts {
  return mapParts(parts, Math.ceil);
}

/** What an engine's allocator takes for values: rounded up and in pieces, measured as a share of their own bytes. */
const allocated = 1.05;

/** Elements of new values that an engine may hold twice for a moment, of variables that are too small to go by slabs. */
const updatedAtATime = 1 << 24;

/** Values as large as a parameter that Adafactor, which needs the size of the whole update, has at once: gradient, its square, step. */
const wholeUpdate = 3;

/** The batches that an experiment trains `model` on. */
export function trainingLoader(experiment: Experiment, rows: EncodedRows, { model, padId, layout, position }: { readonly model: Model; readonly padId: number; readonly layout?: Layout; readonly position?: LoaderPosition }): Loader {
  const { train, packing, max_length } = experiment;
  return new Loader({
    ...fillingOf(experiment, model),
    rows,
    batchSize: train.per_device_train_batch_size,
    accumulation: train.gradient_accumulation_steps,
    seed: train.seed,
    shuffle: train.shuffle,
    groupByLength: train.group_by_length,
    packing,
    maxLength: max_length,
    padId,
    layout,
    position,
  });
}

/**
 * Counts a configuration's parameters, updates, work and memory without reading any weights. Throws the
 * same UserErrors as a run would for a model that cannot be read or targets that match nothing.
 */
export function estimate(experiment: Experiment, hints: EstimateHints = {}): Estimate {
  const model = hints.model ?? readModel(experiment.model, purposeOf(experiment));
  if (experiment.max_length > model.contextLength) {
    throw new UserError(`max_length is ${experiment.max_length}, but the model was made for ${model.contextLength} tokens; set max_length to ${model.contextLength} or less.`);
  }
  const { train } = experiment;
  const { words = model.vocabSize } = hints;
  const { tuning, evaluation, sampling } = functionsOf(experiment, model, { recompute: false, labelChunks: 1 });
  const accumulation = train.gradient_accumulation_steps;
  const trainable = count(tuning.trainable);
  const frozen = count(tuning.frozen);
  const largest = Math.max(...tuning.trainable.map(({ shape }) => sizeOf(shape)));

  const groups = rowsToTrain(experiment, hints);
  const steps_per_epoch = groups === null ? null : updatesPerEpoch(groups, { batchSize: train.per_device_train_batch_size, accumulation });
  const steps = steps_per_epoch === null ? (train.max_steps > 0 ? train.max_steps : null) : totalUpdates(train, steps_per_epoch);
  const surveyed = hints.data && steps !== null ? hints.data.train.survey(steps) : null;
  const batches = batchesOf(experiment, model, surveyed && hints.data ? { train: surveyed.largest, eval: hints.data.eval } : null);
  const evaluated = batches.eval === null ? 0 : cost(evaluation, { ...batches.eval }).peakBytes;
  const sampled = sampling === null || experiment.sample.prompts.length === 0 ? 0 : samplingBytes(sampling, experiment);
  const answered = sampling === null || batches.eval === null || !train.predict_with_generate ? 0 : answeringBytes(sampling, { experiment, model }, hints.data?.eval ?? null);
  const written = Math.max(sampled, answered);
  const passes = Number(batches.eval !== null) + Number(written > 0);
  const moments = bytesOfVariables(optimizerState(tuning.trainable, train));
  // New values of small variables, or the squares of the largest gradient for the norm.
  const updated = float * Math.max(train.optim === 'adafactor' ? wholeUpdate * largest : largest, Math.min(3 * trainable, updatedAtATime));
  const memoryWith = (activations: number): MemoryParts => wholeBytes({
    weights: bytesOfVariables(frozenVariables(tuning)),
    trainable: trainable * float,
    gradients: trainable * float,
    // Moments, and what a micro-batch adds to the gradients of those before it.
    optimizer: moments + (accumulation > 1 ? trainable * float : 0),
    activations: allocated * (activations + Math.max(evaluated, updated, written)),
    runtime: runtimeBytes + wordBytes * words + blockBytes * model.layerCount * (1 + passes / 2) + (passes > 0 ? heapBytes : 0) + Math.min(droppedBytes, float * (trainable + elementsConverted(tuning))) + tokenBytes * Math.min(hints.data?.encoded ?? 0, encodedAtATime) + (hints.data?.heldBytes ?? 0),
  });
  const available_memory_bytes = process.availableMemory();
  const chunks = labelChunks(batches.train.N, model, tuning);
  const costWith = (recompute: boolean): Cost => cost(functionsOf(experiment, model, { recompute, labelChunks: chunks }).step, { ...batches.train, ...chunkLengths(batches.train.N, chunks) });
  const keeping = train.gradient_checkpointing === true ? null : costWith(false);
  const recompute = keeping === null || (train.gradient_checkpointing === 'auto' && sumOf(memoryWith(keeping.peakBytes)) > available_memory_bytes);
  const work = recompute || keeping === null ? costWith(true) : keeping;
  const training = memoryWith(work.peakBytes);
  const memory = { ...training, runtime: training.runtime + Math.max(0, Math.ceil(tokenisingBytes(hints.tokenising ?? 0, words) - sumOf(training))) };
  const memory_bytes = sumOf(memory);

  const facts = {
    total_parameters: frozen + trainable,
    trainable_parameters: trainable,
    effective_batch: train.per_device_train_batch_size * accumulation,
    steps,
    steps_per_epoch,
    train_rows: hints.data ? hints.data.train.rows.length : groups,
    eval_rows: rowsToEvaluate(experiment, hints),
    cut_rows: hints.data?.cutRows ?? null,
    tokens_per_epoch: hints.data?.train.rows.totalTokens ?? null,
    labels_per_epoch: hints.data?.train.rows.totalLabels ?? null,
    padding: surveyed && { share: 1 - surveyed.tokens / surveyed.computed, padded: 1 - surveyed.tokens / surveyed.padded },
    based_on: hints.data ? ('rows' as const) : ('max_length' as const),
    tokens_per_step: accumulation * batches.train.B * (batches.train.T + (batches.train.S ?? 0)),
    flops_per_step: accumulation * work.flops,
    precision: experiment.precision,
    gradient_checkpointing: recompute,
    memory,
    memory_bytes,
    available_memory_bytes,
    fits: memory_bytes <= available_memory_bytes,
  };
  return { ...facts, warnings: advise(experiment, facts).map(({ text }) => text) };
}

/** The most bytes of memory while another process tokenises files of so many, which are read in pieces: of this process and of that one. */
function tokenisingBytes(files: number, words: number): number {
  return files < fewBytes ? 0 : 2 * (idleBytes + wordBytes * words) + Math.min(mostPieceBytes, pieceBytes + bytesPerByte * files);
}

/** A continuation's last step, which reads the keys and values of all tokens before it; the prompt is taken to be short beside it. */
function samplingBytes(sampling: Fn, { sample, max_length }: Experiment): number {
  const held = Math.min(max_length, sample.max_new_tokens);
  return Math.max(cost(sampling, { B: 1, T: 1, P: held, S: max_length }).peakBytes, cost(sampling, { B: 1, T: held, P: 0, S: max_length }).peakBytes);
}

/** The largest batches of a run; without its rows, as if each were of `max_length`. */
function batchesOf(experiment: Experiment, model: Model, known: { readonly train: BatchExtent; readonly eval: EncodedRows | null } | null): { train: BatchExtent; eval: BatchExtent | null } {
  const { dataset, train, max_length } = experiment;
  const filling = fillingOf(experiment, model);
  const { pairs } = filling;
  const batchSize = train.per_device_eval_batch_size;
  const maxLabels = labelsAtATime(model.vocabSize);
  if (known) return { train: known.train, eval: known.eval && largestEvalBatch(known.eval, { batchSize, maxLabels, ...filling }) };

  // Whether there is anything to evaluate on is not known either: a folder may have a validation split.
  const T = batchWidth(max_length);
  const labels = dataset.format === 'classification' ? Math.min(T, classTokens) : T;
  const evalRows = Math.max(1, Math.min(batchSize, Math.floor(maxLabels / labels)));
  return {
    train: { B: train.per_device_train_batch_size, T, N: train.per_device_train_batch_size * labels, ...(pairs ? { S: T } : {}) },
    eval: { B: evalRows, T, N: evalRows * labels, ...(pairs ? { S: T } : {}) },
  };
}

/** Rows, or packed rows, of an epoch; null where they cannot be known before the data is tokenised. */
function rowsToTrain({ dataset, stage, packing }: Experiment, { data, rows }: EstimateHints): number | null {
  if (data) return data.train.groupCount;
  if (rows === undefined || stage === 'pretrain' || packing) return null;
  const read = Math.min(rows, dataset.max_samples ?? rows);
  return dataset.eval === null ? Math.max(0, read - heldOutRows(dataset.val_size, read)) : read;
}

/** Null where a folder may have a split of its own for it. */
function rowsToEvaluate({ dataset, stage }: Experiment, { data, rows }: EstimateHints): number | null {
  if (data) return data.eval?.length ?? 0;
  if (rows === undefined || dataset.eval !== null || stage === 'pretrain') return null;
  return dataset.val_size > 0 ? Math.min(dataset.max_eval_samples ?? Infinity, heldOutRows(dataset.val_size, Math.min(rows, dataset.max_samples ?? rows))) : null;
}

interface Functions {
  readonly tuning: Tuning;
  readonly step: Fn;
  readonly evaluation: Fn;
  /** Null of a model that writes no text. */
  readonly sampling: Fn | null;
}

/** The last few programs, so that a screen can ask at every key without building the graph again. */
const remembered = new Map<string, Functions>();

function functionsOf(experiment: Experiment, model: Model, given: Pick<StepOptions, 'recompute' | 'labelChunks'>): Functions {
  const options = stepOptions(experiment.train, given);
  const { finetuning, lora, freeze, quantization, precision } = experiment;
  const key = JSON.stringify([model.config, finetuning, lora, freeze, quantization, precision, options]);
  const known = remembered.get(key);
  if (known) return known;
  const tuning = tuningOf(experiment, model);
  const built = { tuning, step: microStep(model, tuning, options).fn, evaluation: evaluateFn(model, tuning), sampling: writes(model) ? forwardFn(model, tuning) : null };
  if (remembered.size >= 8) remembered.delete(remembered.keys().next().value!);
  remembered.set(key, built);
  return built;
}

function sumOf(memory: MemoryParts): number {
  return Object.values(memory).reduce((sum: number, bytes: number) => sum + bytes, 0);
}

/** Of weights that are read in full and held in codes or 16 bits. */
function elementsConverted(tuning: Tuning): number {
  const inCodes = tuning.quantized === null ? 0 : tuning.quantized.layers.reduce((sum, { inputSize, outputSize }) => sum + inputSize * outputSize, 0);
  return inCodes + count(frozenVariables(tuning).filter(({ dtype }) => isHalf(dtype)));
}

function bytesOfVariables(variables: readonly Variable[]): number {
  return variables.reduce((sum, { dtype, shape }) => sum + bytesOf[dtype] * sizeOf(shape), 0);
}

function count(parameters: readonly { readonly shape: readonly number[] }[]): number {
  return parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}
