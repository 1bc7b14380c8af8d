/** Gradient checkpointing and labels in chunks change when things are computed and nothing else. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import { onnxEngine } from '../../src/engine/onnx/index.js';
import { planOf } from '../../src/engine/onnx/parts.js';
import { referenceEngine } from '../../src/engine/reference/index.js';
import { tfjsEngine } from '../../src/engine/tfjs/index.js';
import type { Engine } from '../../src/engine/contract.js';
import { cost } from '../../src/graph/cost.js';
import { nodesOf } from '../../src/graph/program.js';
import { readModel } from '../../src/models/registry.js';
import { initialValues } from '../../src/trainer/initial.js';
import { chunkFeeds, chunkLengths, labelChunks } from '../../src/trainer/labels.js';
import { microStep, trainingProgram, type StepOptions } from '../../src/trainer/program.js';
import { tuningOf } from '../../src/trainer/tuning.js';
import { f32, i32 } from '../../src/util/tensor.js';

const scratch = mkdtempSync(join(tmpdir(), 'workbench-recompute-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const demo = fileURLToPath(new URL('../../experiments/demo/model', import.meta.url));
const gpt2 = fileURLToPath(new URL('../golden/models/gpt2', import.meta.url));
const extent = { B: 2, T: 16, N: 8 };

function setUp(folder: string, finetuning: 'lora' | 'full' | 'freeze') {
  const experiment = parseExperiment({ model: folder, dataset: { path: 'none' }, finetuning, freeze: { num_trainable_layers: 1 } });
  const model = readModel(folder);
  return { experiment, model, tuning: tuningOf(experiment, model) };
}

/** The loss and every gradient of one micro-batch. */
async function step(engine: Engine, { experiment, model, tuning }: ReturnType<typeof setUp>, options: StepOptions): Promise<number[][]> {
  const { program } = trainingProgram(model, tuning, experiment.train, options);
  const values = initialValues({ experiment, model, tuning, checkpoint: null });
  // B begins at zero, which would hide all that comes before it.
  const initial: typeof values = (variable) => (variable.name.endsWith('lora_B.weight') ? f32(variable.shape, Array.from({ length: variable.shape[0] * variable.shape[1] }, (_, i) => Math.sin(i) / 20)) : values(variable));
  const executable = await engine.compile(program, { device: 'cpu', threads: 1, initial, scratch: mkdtempSync(join(scratch, 'engine-')) });
  const { B, T, N } = extent;
  const tokens = (value: (i: number) => number) => i32([B, T], Array.from({ length: B * T }, (_, i) => value(i)));
  const places = Array.from({ length: N }, (_, i) => 3 * i + 1);
  const { loss } = await executable.run('micro_step', {
    input_ids: tokens((i) => (17 * i + 3) % model.vocabSize),
    positions: tokens((i) => i % T),
    segments: tokens(() => 1),
    ...chunkFeeds({ inputs: { label_rows: i32([N], places), labels: i32([N], places.map((i) => (17 * i + 20) % model.vocabSize)) }, labelWeights: null }, 1 / N, options.labelChunks),
  });
  const gradients: number[][] = [];
  for (const { name } of tuning.trainable) gradients.push([...(await executable.read(`${name}.grad`)).data]);
  await executable.dispose();
  return [[...loss.data], ...gradients];
}

describe.each([
  ['lora', demo],
  ['freeze', demo],
  ['full', gpt2],
] as const)('blocks computed again for %s', (finetuning, folder) => {
  const parts = setUp(folder, finetuning);

  it.each([onnxEngine, tfjsEngine, referenceEngine])('give the loss and the gradients on $name, bit for bit', async (engine) => {
    expect(await step(engine, parts, { recompute: true, labelChunks: 1 })).toEqual(await step(engine, parts, { recompute: false, labelChunks: 1 }));
  });
});

// The head of the second is the table of embeddings, and learns.
describe.each([
  ['lora', demo],
  ['full', gpt2],
] as const)('labels in chunks for %s', (finetuning, folder) => {
  const parts = setUp(folder, finetuning);

  // 8 labels: of 5 chunks the last is empty
  it.each([onnxEngine, tfjsEngine, referenceEngine])('give the loss and the gradients on $name', async (engine) => {
    const whole = (await step(engine, parts, { recompute: false, labelChunks: 1 })).flat();
    const largest = Math.max(...whole.map(Math.abs));
    for (const options of [{ recompute: false, labelChunks: 3 }, { recompute: true, labelChunks: 5 }]) {
      const found = (await step(engine, parts, options)).flat();
      expect(Math.max(...found.map((value, i) => Math.abs(value - whole[i])))).toBeLessThan(1e-6 * largest);
    }
  });
});

describe('labels in chunks', () => {
  it('are as many as a large vocabulary asks for, and no smaller than a head that learns', () => {
    const [adapter, head] = [{ trainable: [] }, { trainable: [{ name: 'lm_head.weight', shape: [50_257, 768], init: { kind: 'zeros' }, decay: true }] }] as const;
    expect(labelChunks(100, { vocabSize: 1000 }, adapter)).toBe(1);
    expect(labelChunks(4088, { vocabSize: 50_257 }, adapter)).toBe(13);
    expect(labelChunks(4088, { vocabSize: 50_257 }, head)).toBe(6);
    expect(labelChunks(508, { vocabSize: 50_257 }, head)).toBe(1);
    expect(chunkLengths(10, 3)).toEqual({ N0: 4, N1: 4, N2: 2 });
  });

  it.each(['lora', 'full'] as const)('take the memory of one for %s', (finetuning) => {
    const { model, tuning } = setUp(demo, finetuning);
    const peak = (chunks: number) => cost(microStep(model, tuning, { recompute: true, labelChunks: chunks }).fn, { B: 1, T: 64, N: 4096, ...chunkLengths(4096, chunks) }).peakBytes;
    expect(peak(8)).toBeLessThan(0.3 * peak(1));
  });
});

it('what has been summed is forgotten by constants alone: the onnx engine takes no memory for it, and gives some back', () => {
  const { experiment, model, tuning } = setUp(demo, 'lora');
  const { functions } = trainingProgram(model, tuning, experiment.train).program;
  expect(planOf(functions['clear'])).toMatchObject({ parts: [], slabs: [], fills: new Map(tuning.trainable.map(({ name }) => [`${name}.grad`, 0])) });
});

describe('the memory of a step', () => {
  const deep = readModel(demo);
  const { tuning } = setUp(demo, 'lora');
  const large = { B: 8, T: 256, N: 32 };

  it('falls, for less than one more forward pass', () => {
    const [kept, again] = [false, true].map((recompute) => cost(microStep(deep, tuning, { recompute, labelChunks: 1 }).fn, large));
    expect(again.peakBytes).toBeLessThan(0.6 * kept.peakBytes);
    expect(again.flops).toBeGreaterThan(kept.flops);
    expect(again.flops).toBeLessThan(1.5 * kept.flops);
  });

  it('waits with every copy for the gradient of its block', () => {
    const nodes = nodesOf(microStep(deep, tuning, { recompute: true, labelChunks: 1 }).fn);
    const gates = new Set(nodes.filter(({ kind }) => kind === 'after').map(({ inputs: [, gate] }) => gate));
    expect(gates.size).toBe(deep.layerCount - 1);
  });
});
