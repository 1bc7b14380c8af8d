/** What the golden tests share: goldens as values, and a model as a program with loss, logits and gradients. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loraDefaults, type LoraConfig } from '../../src/config/schema.js';
import type { Engine, Executable } from '../../src/engine/contract.js';
import { onnxEngine } from '../../src/engine/onnx/index.js';
import { referenceEngine } from '../../src/engine/reference/index.js';
import { Builder } from '../../src/graph/builder.js';
import { mulDims } from '../../src/graph/dims.js';
import { gradient } from '../../src/graph/gradient.js';
import type { Fn, InitialValue, Node, NodeOf, Program, Variable } from '../../src/graph/node.js';
import { makeFn } from '../../src/graph/program.js';
import { topological } from '../../src/graph/walk.js';
import { verify } from '../../src/graph/verify.js';
import { adapt } from '../../src/lora/adapt.js';
import type { Model, ParameterSpec } from '../../src/models/contract.js';
import { initialWeights, isOf } from '../../src/models/weights.js';
import { logitsOf, rowsAt, type Head } from '../../src/nn/head.js';
import { labelLoss } from '../../src/nn/loss.js';
import { tokenInputs } from '../../src/trainer/inputs.js';
import { adamwUpdate } from '../../src/optim/adamw.js';
import { gradientNorm } from '../../src/optim/norm.js';
import { f32, i32, scalar, sizeOf, type Tensor } from '../../src/util/tensor.js';

export const engines: readonly Engine[] = [referenceEngine, onnxEngine];

/** Real models and texts, beside the checkout; tests that need them are skipped where it is not there. */
export const material = new URL('../../../shared/material/', import.meta.url).pathname;

export const goldenFolder = new URL('.', import.meta.url).pathname;

export function readJson<T>(...path: string[]): T {
  return JSON.parse(readFileSync(join(...path), 'utf8')) as T;
}

export function lossOf(g: Builder, output: { readonly hidden: Node; readonly head: Head }): Node {
  const perLabel = (name: string, dtype?: 'i32') => g.input(name, ['N'], dtype);
  return labelLoss(g, { ...output, rows: perLabel('label_rows', 'i32'), labels: perLabel('labels', 'i32'), weights: perLabel('label_weights') });
}

/** `logits` [B·T, V]; `loss`; and `gradients`: the loss with an output for each parameter, under its name. */
export function modelProgram(model: Model): Program {
  const logitsFn = (): Fn => {
    const g = new Builder();
    const { hidden, head } = model.forward(g, tokenInputs(g, model));
    const rows = g.reshape(hidden, [mulDims('B', 'T'), model.hiddenSize]);
    return makeFn('logits', { logits: logitsOf(g, rows, head) });
  };
  const lossFn = (): Fn => {
    const g = new Builder();
    return makeFn('loss', { loss: lossOf(g, model.forward(g, tokenInputs(g, model))) });
  };
  const gradientsFn = (): Fn => {
    const g = new Builder();
    const loss = lossOf(g, model.forward(g, tokenInputs(g, model)));
    return makeFn('gradients', { loss, ...slopesOf(g, model, loss) });
  };
  const program: Program = { variables: variablesOf(model.parameters, 'trainable'), functions: { logits: logitsFn(), loss: lossFn(), gradients: gradientsFn() } };
  verify(program);
  return program;
}

/** `all`: the loss, the logits at the labels, and the gradient of every parameter that learns, by its name. */
export function gradientProgram(model: Model): Program {
  const g = new Builder();
  const output = model.forward(g, tokenInputs(g, model));
  const loss = lossOf(g, output);
  const logits = logitsOf(g, rowsAt(g, output.hidden, g.input('label_rows', ['N'], 'i32')), output.head);
  return { variables: variablesOf(model.parameters, 'trainable'), functions: { all: makeFn('all', { loss, logits, ...slopesOf(g, model, loss) }) } };
}

export function learnedNames(model: Model): string[] {
  return model.parameters.filter(({ constant }) => !constant).map(({ name }) => name);
}

function slopesOf(g: Builder, model: Model, loss: Node): Record<string, Node> {
  const learned = new Set(learnedNames(model));
  const parameters = topological([loss]).filter((node): node is NodeOf<'variable'> => node.kind === 'variable' && learned.has(node.attrs.name));
  return Object.fromEntries([...gradient(g, loss, parameters)].map(([parameter, slope]) => [parameter.attrs.name, slope]));
}

export function variablesOf(parameters: readonly ParameterSpec[], role: Variable['role']): Variable[] {
  return parameters.map(({ name, shape }) => ({ name, shape, dtype: 'f32', role }));
}

export function compile(engine: Engine, program: Program, initial: InitialValue): Promise<Executable> {
  return engine.compile(program, { device: 'cpu', threads: 2, initial, scratch: mkdtempSync(join(tmpdir(), 'workbench-test-')) });
}

export const [beta1, beta2] = [0.9, 0.999];

/** An adapter's training. micro_step: loss, and its gradient added to `<name>.grad`; grad_norm; update. */
export function loraProgram(model: Model, config: LoraConfig, weightDecay: number): { program: Program; parameters: readonly ParameterSpec[] } {
  const g = new Builder();
  const plain = lossOf(g, model.forward(g, tokenInputs(g, model)));
  const adapted = adapt(g, [plain], { model, config, training: true });
  const { rewritten } = adapted;
  const inHead = ({ name }: ParameterSpec) => isOf(model.headModules, name);
  const parameters = [...adapted.parameters, ...model.parameters.filter(inHead)];
  const loss = rewritten.get(plain)!;
  const names = new Set(parameters.map(({ name }) => name));
  const adapters = topological([loss]).filter((node): node is NodeOf<'variable'> => node.kind === 'variable' && names.has(node.attrs.name));
  const sums = [...gradient(g, loss, adapters)].map(([node, slope]): [string, Node] => {
    const name = `${node.attrs.name}.grad`;
    return [name, g.add(g.variable(name, node.shape.map(Number)), slope)];
  });
  const norm = gradientNorm(g, adapters.map((node) => g.variable(`${node.attrs.name}.grad`, node.shape.map(Number))));
  const { fn: update, state } = adamwUpdate(g, { variables: adapters.map((node) => ({ node, decay: true })), beta1, beta2, epsilon: 1e-8, weightDecay });
  const functions: Record<string, Fn> = { micro_step: makeFn('micro_step', { loss }, Object.fromEntries(sums)), grad_norm: makeFn('grad_norm', { norm }), update };
  const program = { variables: [...variablesOf(model.parameters.filter((p) => !inHead(p)), 'frozen'), ...variablesOf(parameters, 'trainable'), ...state], functions };
  verify(program);
  return { program, parameters };
}

export interface LoraGolden {
  readonly r: number;
  readonly lora_alpha: number;
  readonly target_modules: string[];
  readonly learning_rate: number;
  readonly weight_decay: number;
  readonly losses: number[];
}

/** The loss before each of ten updates on one batch, of an adapter that starts as the maker of the goldens starts it. */
export async function loraLosses(engine: Engine, { model, folder, golden, feeds }: { model: Model; folder: string; golden: LoraGolden; feeds: Record<string, Tensor> }): Promise<number[]> {
  const config = { ...loraDefaults, r: golden.r, lora_alpha: golden.lora_alpha };
  const { program } = loraProgram(model, config, golden.weight_decay);
  const weights = initialWeights(model, folder);
  const start = (name: string, shape: readonly number[]) => (name.includes('lora_') ? f32(shape, Float64Array.from({ length: sizeOf(shape) }, (_, k) => (name.includes('lora_A') ? 0.2 * Math.sin(k + 1) : 0.1 * Math.cos(k + 1)))) : weights(name));
  const executable = await compile(engine, program, ({ name, role, shape }) => (role === 'frozen' ? weights(name) : role === 'trainable' ? start(name, shape) : f32(shape)));
  const losses: number[] = [];
  for (const step of golden.losses.keys()) {
    losses.push((await executable.run('micro_step', feeds)).loss.data[0]);
    const correction = { bias_correction1: scalar(1 - beta1 ** (step + 1)), bias_correction2: scalar(1 - beta2 ** (step + 1)) };
    await executable.run('update', { learning_rate: scalar(golden.learning_rate), clip: scalar(1), ...correction });
  }
  await executable.dispose();
  return losses;
}

/** Ids with right padding → what a program is fed. */
export function tokenFeeds(ids: readonly (readonly number[])[], mask: readonly (readonly number[])[]): Record<string, Tensor> {
  const shape = [ids.length, ids[0].length];
  return {
    input_ids: i32(shape, ids.flat()),
    positions: i32(shape, mask.flatMap((row) => row.map((real, t) => real * t))),
    segments: i32(shape, mask.flat()),
  };
}

/** Unshifted labels with −100 → the rows that predict, what they predict, and equal weights of the given sum. */
export function labelFeeds(labels: readonly (readonly number[])[], weight?: number): Record<string, Tensor> {
  const length = labels[0].length;
  const shown = labels.flatMap((row, b) => row.flatMap((label, t) => (t > 0 && label !== -100 ? [{ row: b * length + t - 1, label }] : [])));
  return {
    label_rows: i32([shown.length], shown.map(({ row }) => row)),
    labels: i32([shown.length], shown.map(({ label }) => label)),
    label_weights: f32([shown.length], new Array<number>(shown.length).fill(weight ?? 1 / shown.length)),
  };
}

/** ‖a − b‖ / ‖b‖, with an all-zero b taken as 1. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`${a.length} values against ${b.length}`);
  let [difference, norm] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    norm += b[i] ** 2;
  }
  return Math.sqrt(difference / (norm || 1));
}

export function greatestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`${a.length} values against ${b.length}`);
  return Array.from({ length: b.length }, (_, i) => Math.abs(a[i] - b[i])).reduce((x, y) => Math.max(x, y), 0);
}

/** The rows [rows, C] of a matrix where `keep` is 1. */
export function pickRows(matrix: Tensor, keep: readonly number[]): Float32Array {
  const width = sizeOf(matrix.shape.slice(1));
  return Float32Array.from(keep.flatMap((kept, row) => (kept ? [...matrix.data.subarray(row * width, (row + 1) * width)] : [])));
}

export function argMax(values: ArrayLike<number>): number {
  return Array.from(values).reduce((best, value, i, all) => (value > all[best] ? i : best), 0);
}
