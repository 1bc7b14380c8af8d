/** Training on a base in 8 or 4 bits: the very numbers of its dequantised weights, and near those of the full ones. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import type { Engine } from '../../src/engine/contract.js';
import { onnxEngine } from '../../src/engine/onnx/index.js';
import { referenceEngine } from '../../src/engine/reference/index.js';
import { tfjsEngine } from '../../src/engine/tfjs/index.js';
import { collate } from '../../src/data/batch/collate.js';
import { Builder } from '../../src/graph/builder.js';
import type { InitialValue } from '../../src/graph/node.js';
import { makeFn } from '../../src/graph/program.js';
import { readModel } from '../../src/models/registry.js';
import { initialWeights } from '../../src/models/weights.js';
import { inferenceValues, initialValues } from '../../src/trainer/initial.js';
import { frozenVariables, trainingProgram } from '../../src/trainer/program.js';
import { asQuantized } from '../../src/trainer/quantized.js';
import { tuningOf, untuned } from '../../src/trainer/tuning.js';
import { runUpdate } from '../../src/trainer/update.js';
import { f32 } from '../../src/util/tensor.js';
import { transposed } from '../../src/weights/quantize.js';
import { heldRows } from '../data/held-rows.js';

const folder = fileURLToPath(new URL('../../experiments/demo/model', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'workbench-quantized-'));
afterAll(() => rmSync(scratch, { recursive: true }));

type Scheme = 'none' | 'int8' | 'int4';
const updates = 3;
const model = readModel(folder);
const rows = heldRows([0, 1, 2].map((row) => ({ ids: Array.from({ length: 12 + row }, (_, i) => (31 * i + 7 * row + 5) % 997), learned: 0 })));

/** Loss and gradient norm of each update, from weights that `initial` may change. */
async function train(engine: Engine, quantization: Scheme, changed: (initial: InitialValue) => InitialValue = (initial) => initial) {
  const experiment = parseExperiment({ model: folder, dataset: { path: 'none' }, quantization, lora: { target_modules: 'all-linear' }, train: { learning_rate: 5e-3, lr_scheduler_type: 'constant' } });
  const tuning = tuningOf(experiment, model);
  const { program, masks } = trainingProgram(model, tuning, experiment.train);
  const initial = changed(initialValues({ experiment, model, tuning, checkpoint: null }));
  const executable = await engine.compile(program, { device: 'cpu', threads: 1, initial, scratch: mkdtempSync(join(scratch, 'engine-')) });
  const figures: number[] = [];
  const batch = { microBatches: [collate(rows, [[0], [1], [2]], { padId: 0 })], epoch: 0, position: { epoch: 0, index: 0 } };
  for (let step = 0; step < updates; step++) {
    const update = await runUpdate({ executable, masks, labelChunks: 1, totalSteps: updates, experiment }, batch, { step, lossLimit: null, rateFactor: 1, interrupted: () => false });
    figures.push(update!.lossSum / update!.weight, update!.gradNorm);
  }
  const bytes = executable.variableBytes;
  await executable.dispose();
  return { figures, bytes };
}

function largestShare(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]) / Math.abs(b[i])));
}

describe.each(['int8', 'int4'] as const)('a base in %s', (scheme) => {
  const { quantized } = tuningOf({ ...parseExperiment({ model: folder, dataset: { path: 'none' } }), quantization: scheme }, model);
  const weights = asQuantized(quantized!, initialWeights(model, folder));
  let expected: number[] = [];
  beforeAll(async () => {
    const dequantized = await train(onnxEngine, 'none', (initial) => (variable) => (variable.role === 'frozen' ? weights(variable.name) : initial(variable)));
    expected = dequantized.figures;
  });

  it.each([onnxEngine, tfjsEngine, referenceEngine])('trains on $name as its dequantised weights do', async (engine) => {
    const found = await train(engine, scheme);
    expect(largestShare(found.figures, expected)).toBeLessThan(2e-4);
  });

  it('is smaller, and near the full weights', async () => {
    const [found, full] = [await train(onnxEngine, scheme), await train(onnxEngine, 'none')];
    const losses = ({ figures }: typeof full) => figures.filter((_, i) => i % 2 === 0);
    expect(largestShare(losses(found), losses(full))).toBeLessThan(scheme === 'int8' ? 0.005 : 0.05);
    expect(losses(full).at(-1)).toBeLessThan(losses(full)[0]); // it learns something
    expect(losses(found).at(-1)).toBeLessThan(losses(found)[0]);
    expect(found.bytes).toBeLessThan(full.bytes * (scheme === 'int8' ? 0.7 : 0.6));
  });
});

describe.each(['int8', 'int4'] as const)('a base in %s, with products in bf16', (quantization) => {
  const tuning = untuned(model, { quantization, precision: 'bf16' });
  const merged = asQuantized(tuning.quantized!, initialWeights(model, folder));

  // A product c·eᵢ·Wᵀ has one term: had W been rounded as well, some would be off by two roundings.
  it.each([onnxEngine, referenceEngine])('multiplies on $name by the weights that are merged, and rounds the result alone', async (engine) => {
    for (const layer of tuning.quantized!.layers.slice(0, 7)) {
      const { module, inputSize: I, outputSize: O, transposeW } = layer;
      const g = new Builder();
      const w = g.variable(`${module}.weight`, transposeW ? [O, I] : [I, O]);
      const { outputs: [y] } = tuning.apply(g, [g.linear(g.input('x', ['N', I]), w, { transposeW })], false);
      const variables = frozenVariables(tuning).filter(({ name }) => name.startsWith(`${module}.weight`));
      const { initial } = inferenceValues({ model, folder, tuning, adapter: null });
      const executable = await engine.compile({ variables, functions: { f: makeFn('f', { y: g.cast(y, 'f32') }) } }, { device: 'cpu', threads: 1, initial, scratch: mkdtempSync(join(scratch, 'engine-')) });
      const c = 171 / 512; // exact in bf16
      const found = (await executable.run('f', { x: f32([I, I], Float64Array.from({ length: I * I }, (_, k) => (k % (I + 1) === 0 ? c : 0))) })).y.data; // [I, O]
      await executable.dispose();
      const stored = merged(`${module}.weight`);
      const W = transposeW ? transposed(stored).data : stored.data; // [I, O]
      const errors = Array.from(found, (value, k) => Math.abs(value - c * W[k]) / (Math.abs(c * W[k]) || 1));
      expect(errors.reduce((a, b) => Math.max(a, b))).toBeLessThan(2 ** -8 * 1.001);
    }
  });
});

it('is for bases that do not learn', () => {
  expect(() => parseExperiment({ model: folder, dataset: { path: 'none' }, finetuning: 'full', quantization: 'int8' })).toThrow('set `finetuning: lora` or `quantization: none`');
});
