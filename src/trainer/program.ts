/**
 * Puts a run's program together: forward, loss and gradient in one function, the optimizer in another,
 * evaluation and generation beside them, all on the same variables.
 *
 *   micro_step   loss of one micro-batch; adds its gradient to `<parameter>.grad`
 *   grad_norm    global norm of the sum
 *   update       the optimizer on the sum; zeroes it
 *   clear        zeroes the sum
 *   evaluate     loss and prediction at every label
 *   forward      logits of the last tokens, with a key-value cache
 *   encode       of an encoder–decoder: what its decoder reads of a text
 */
import type { Experiment, TrainConfig } from '../config/schema.js';
import { Builder } from '../graph/builder.js';
import { gradientThrough } from '../graph/gradient.js';
import type { Fn, Node, NodeOf, Program, Role, Variable } from '../graph/node.js';
import { heldInHalf } from '../graph/precision.js';
import { makeFn } from '../graph/program.js';
import { topological } from '../graph/walk.js';
import { verify } from '../graph/verify.js';
import type { DropoutMask } from '../lora/adapt.js';
import type { Model, ParameterSpec } from '../models/contract.js';
import { writes } from '../models/task.js';
import { logitsOf, lossesOf, rowsAt } from '../nn/head.js';
import { labelLoss } from '../nn/loss.js';
import { gradientNorm } from '../optim/norm.js';
import { encodeFn, forwardFn } from './generate/forward.js';
import { labelInputs, tokenInputs } from './inputs.js';
import { chunkInputs, labelSlopes } from './labels.js';
import { embeddingNoise, withEmbeddingNoise, type NoiseInput } from './neftune.js';
import { optimizerOf } from './optimizer.js';
import { quantizedVariables } from './quantized.js';
import type { Tuning } from './tuning.js';

export interface TrainingProgram {
  readonly program: Program;
  /** Filled with random bits at each micro-step. */
  readonly masks: readonly DropoutMask[];
  /** Filled with noise at each micro-step; null: none is wanted. */
  readonly noise: NoiseInput | null;
}

export interface StepOptions {
  /** Blocks are computed again for their gradient, instead of being kept for it. */
  readonly recompute: boolean;
  /** Head and loss take the labels in so many parts (labels.ts). */
  readonly labelChunks: number;
  /** Share of each label that is spread over all words; 0 unless said. */
  readonly smoothing?: number;
  /** Noise is added to the embeddings (neftune.ts). */
  readonly noisy?: boolean;
}

/** What a training configuration makes of a step. */
export function stepOptions({ label_smoothing_factor, neftune_noise_alpha }: TrainConfig, options: Pick<StepOptions, 'recompute' | 'labelChunks'>): StepOptions {
  return { ...options, smoothing: label_smoothing_factor, noisy: neftune_noise_alpha !== null };
}

const plainStep = { recompute: false, labelChunks: 1 };

export function trainingProgram(model: Model, tuning: Tuning, config: Experiment['train'], options: Pick<StepOptions, 'recompute' | 'labelChunks'> = plainStep): TrainingProgram {
  const step = microStep(model, tuning, stepOptions(config, options));
  const update = optimizerOf(config).update(tuning.trainable, config);
  const program: Program = {
    variables: [...modelVariables(tuning), ...update.state],
    functions: functionsByName([step.fn, normFn(tuning.trainable), update.fn, clearFn(tuning.trainable), ...useOf(model, tuning)]),
  };
  verify(program);
  return { program, masks: step.masks, noise: step.noise };
}

/** For `eval` and `generate`: the same functions without gradient or optimizer. */
export function inferenceProgram(model: Model, tuning: Tuning): Program {
  const program: Program = {
    variables: modelVariables(tuning),
    functions: functionsByName(useOf(model, tuning)),
  };
  verify(program);
  return program;
}

/** What a model is used by: evaluation, and generation where it says words one after the other. */
function useOf(model: Model, tuning: Tuning): Fn[] {
  const evaluate = evaluateFn(model, tuning);
  if (!writes(model)) return [evaluate];
  return [evaluate, forwardFn(model, tuning), ...(model.encoderDecoder ? [encodeFn(model.encoderDecoder, tuning)] : [])];
}

function functionsByName(functions: readonly Fn[]): Record<string, Fn> {
  return Object.fromEntries(functions.map((fn) => [fn.name, fn]));
}

/** Exported for the estimate, which needs its cost and nothing else. */
export function microStep(model: Model, tuning: Tuning, { recompute, labelChunks, smoothing = 0, noisy = false }: StepOptions): { fn: Fn; masks: readonly DropoutMask[]; noise: NoiseInput | null } {
  const g = new Builder();
  const chunks = chunkInputs(g, labelChunks);
  const { hidden, head } = model.forward(g, tokenInputs(g, model));
  const plain = chunks.map(({ rows, ids, weights }) => labelLoss(g, { hidden, head, rows, labels: ids, weights, smoothing }));
  const noise = noisy ? embeddingNoise(model) : null;
  const { outputs, masks } = tuning.apply(g, withEmbeddingNoise(g, [...plain, ...chunks.map(({ rows }) => rowsAt(g, hidden, rows))], noise), true);
  const parts = chunks.map((_, i) => ({ loss: outputs[i], rows: outputs[labelChunks + i] }));

  const names = new Set(tuning.trainable.map(({ name }) => name));
  const parameters = topological(outputs).filter((node): node is NodeOf<'variable'> => node.kind === 'variable' && names.has(node.attrs.name));
  const { loss, ofRows, ofHead } = labelSlopes(g, parts, new Set(parameters));
  const inBody = new Set(topological(ofRows.keys()));
  const ofBody = gradientThrough<Node>(g, ofRows, parameters.filter((node) => inBody.has(node)), recompute ? { recompute: blocksOf(model) } : {});
  const updates: Record<string, Node> = {};
  for (const parameter of parameters) {
    const name = `${parameter.attrs.name}.grad`;
    const slope = [ofBody.get(parameter), ofHead.get(parameter)].filter((part) => part !== undefined).reduce((sum, part) => g.add(sum, part));
    updates[name] = g.add(g.variable(name, parameter.shape as readonly number[]), slope);
  }
  return { fn: makeFn('micro_step', { loss }, updates), masks, noise };
}

/** An adapter's matrices are of their module's block. */
function blocksOf(model: Model): (variable: string) => number | null {
  return (variable) => model.layerOf(variable.replace(/^base_model\.model\./, ''));
}

/** Per label: its loss, and the token the model would have said. Exported for the estimate, as is `microStep`. */
export function evaluateFn(model: Model, tuning: Tuning): Fn {
  const g = new Builder();
  const labels = labelInputs(g);
  const { hidden, head } = model.forward(g, tokenInputs(g, model));
  const rows = rowsAt(g, hidden, labels.rows); // [N, C]
  const losses = lossesOf(g, rows, labels.ids, head); // [N]
  const predictions = g.op('argMax', [logitsOf(g, rows, head)], {}); // [N, V] → [N]
  const { outputs } = tuning.apply(g, [losses, predictions], false);
  return makeFn('evaluate', { losses: outputs[0], predictions: outputs[1] });
}

function normFn(trainable: readonly ParameterSpec[]): Fn {
  const g = new Builder();
  return makeFn('grad_norm', { norm: gradientNorm(g, trainable.map(({ name, shape }) => g.variable(`${name}.grad`, shape))) });
}

/** Constants and nothing else: an engine that holds zeros without memory gives some back by it. */
function clearFn(trainable: readonly ParameterSpec[]): Fn {
  const g = new Builder();
  return makeFn('clear', {}, Object.fromEntries(trainable.map(({ name, shape }) => [`${name}.grad`, g.broadcast(g.constant(0), shape)])));
}

function modelVariables(tuning: Tuning): Variable[] {
  return [...frozenVariables(tuning), ...tuning.trainable.map((p) => variable(p, 'trainable'))];
}

/** What a program holds of the parameters that do not learn. Exported for the estimate. */
export function frozenVariables({ frozen, quantized, half, writesBase }: Tuning): Variable[] {
  const inCodes = new Set(quantized?.layers.map(({ module }) => `${module}.weight`));
  const plain = frozen.filter(({ name }) => !inCodes.has(name)).map((p) => variable(p, 'frozen'));
  return [...(half === null || writesBase ? plain : plain.map((each) => heldInHalf(each, half))), ...(quantized ? quantizedVariables(quantized) : [])];
}

function variable({ name, shape }: Pick<ParameterSpec, 'name' | 'shape'>, role: Role): Variable {
  return { name, shape, dtype: 'f32', role };
}
