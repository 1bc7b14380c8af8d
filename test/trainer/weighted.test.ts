/**
 * Weighted losses against PyTorch: gradients of the first update, then loss and gradient norm of ten. The golden numbers are
 * made by test/golden/weighted.py.
 */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import { type Batch, collate } from '../../src/data/batch/collate.js';
import { KeyTokenRows } from '../../src/data/keytoken.js';
import type { EncodedRows } from '../../src/data/rows.js';
import type { Engine } from '../../src/engine/contract.js';
import { onnxEngine } from '../../src/engine/onnx/index.js';
import { referenceEngine } from '../../src/engine/reference/index.js';
import { tfjsEngine } from '../../src/engine/tfjs/index.js';
import { readModel } from '../../src/models/registry.js';
import { initialValues } from '../../src/trainer/initial.js';
import { chunkFeeds } from '../../src/trainer/labels.js';
import { trainingProgram } from '../../src/trainer/program.js';
import { tuningOf } from '../../src/trainer/tuning.js';
import { clearGradients, runUpdate } from '../../src/trainer/update.js';
import { SafetensorsFile } from '../../src/weights/safetensors.js';
import { heldRows } from '../data/held-rows.js';
import { relativeError } from '../golden/support.js';

interface Golden {
  readonly settings: { readonly updates: number; readonly accumulation: number; readonly batch: number; readonly [key: string]: unknown };
  readonly rows: readonly { readonly input_ids: readonly number[]; readonly prompt: number; readonly weights?: readonly number[] }[];
  readonly keys: readonly number[] | null;
  readonly alpha: number;
  readonly losses: readonly number[];
  readonly grad_norms: readonly number[];
}

const golden = fileURLToPath(new URL('../golden/', import.meta.url));
const cases = [['gpt2', 'tokens'], ['gpt2', 'keytoken'], ['llama-tied-bf16-shards', 'rows'], ['llama-tied-bf16-shards', 'keytoken']] as const;

async function setUp(engine: Engine, name: string, { settings: { updates, accumulation, batch, ...settings } }: Golden, labelChunks = 1) {
  const folder = join(golden, 'models', name);
  const experiment = parseExperiment({ model: folder, dataset: { path: 'none' }, finetuning: 'full', train: { ...settings, per_device_train_batch_size: batch, gradient_accumulation_steps: accumulation } });
  const model = readModel(folder);
  const tuning = tuningOf(experiment, model);
  const { program, masks } = trainingProgram(model, tuning, experiment.train, { recompute: false, labelChunks });
  const executable = await engine.compile(program, { device: 'cpu', threads: 1, initial: initialValues({ experiment, model, tuning, checkpoint: null }), scratch: mkdtempSync(join(tmpdir(), 'workbench-weighted-')) });
  return { executable, masks, tuning, labelChunks, totalSteps: updates, experiment };
}

function rowsOf({ rows, keys, alpha }: Golden): EncodedRows {
  const held = heldRows(rows.map(({ input_ids: ids, prompt, weights }) => ({ ids, learned: prompt, weights })));
  return keys === null ? held : new KeyTokenRows(held, new Set(keys), { alpha });
}

function batchesOf(rows: EncodedRows, { accumulation, batch }: Golden['settings'], step: number): Batch[] {
  return Array.from({ length: accumulation }, (_, micro) => collate(rows, Array.from({ length: batch }, (__, i) => [(step * accumulation + micro) * batch + i]), { padId: 0 }));
}

describe.each(cases)('%s, weighted by %s', (name, kind) => {
  const folder = join(golden, 'weighted', `${name}-${kind}`);
  const expected = JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')) as Golden;

  it.each([onnxEngine, tfjsEngine, referenceEngine])('gives the gradients and ten updates of PyTorch on $name', async (engine) => {
    const session = await setUp(engine, name, expected);
    const { executable } = session;
    const rows = rowsOf(expected);
    const first = batchesOf(rows, expected.settings, 0);
    const weight = first.reduce((sum, batch) => sum + batch.weight, 0);
    for (const batch of first) {
      const { input_ids, positions, segments } = batch.inputs;
      await executable.run('micro_step', { input_ids, positions, segments, ...chunkFeeds(batch, 1 / weight, 1) });
    }
    const wanted = SafetensorsFile.open(join(folder, 'gradients.safetensors'));
    for (const key of wanted.names) expect(relativeError((await executable.read(`${key}.grad`)).data, wanted.read(key).data), key).toBeLessThan(1e-4);
    await clearGradients({ executable });

    for (let step = 0; step < expected.settings.updates; step++) {
      const figures = await runUpdate(session, { microBatches: batchesOf(rows, expected.settings, step) }, { step, lossLimit: null, rateFactor: 1, interrupted: () => false });
      expect(Math.abs(figures!.lossSum / figures!.weight - expected.losses[step])).toBeLessThan(1e-4);
      expect(Math.abs(figures!.gradNorm - expected.grad_norms[step])).toBeLessThan(1e-3);
    }
    await executable.dispose();
  });
});

describe('weights', () => {
  const expected = JSON.parse(readFileSync(join(golden, 'weighted', 'gpt2-tokens', 'golden.json'), 'utf8')) as Golden;
  const figuresWith = async (rows: EncodedRows, labelChunks = 1) => {
    const session = await setUp(referenceEngine, 'gpt2', expected, labelChunks);
    const figures = await runUpdate(session, { microBatches: batchesOf(rows, expected.settings, 0) }, { step: 0, lossLimit: null, rateFactor: 1, interrupted: () => false });
    await session.executable.dispose();
    return figures!;
  };

  it('of 1 give the numbers of none, bit for bit, and are not even there', async () => {
    const ones = heldRows(expected.rows.map(({ input_ids: ids, prompt }) => ({ ids, learned: prompt, weights: ids.map(() => 1) })));
    expect(batchesOf(ones, expected.settings, 0)[0].labelWeights).toBeNull();
    // The same weights, spelled out for each label.
    const rows = new Proxy(ones, { get: (target, key) => (key === 'weights' ? (row: number) => new Float32Array(target.tokenCount(row)).fill(1) : bound(target, key)) });
    expect(batchesOf(rows, expected.settings, 0)[0].labelWeights).not.toBeNull();
    expect(await figuresWith(rows)).toEqual(await figuresWith(ones));
  });

  it('reach labels in chunks', async () => {
    const [whole, parts] = [await figuresWith(rowsOf(expected)), await figuresWith(rowsOf(expected), 3)];
    expect(parts.weight).toBe(whole.weight);
    expect(Math.abs(parts.lossSum - whole.lossSum)).toBeLessThan(1e-4);
    expect(Math.abs(parts.gradNorm - whole.gradNorm)).toBeLessThan(1e-5);
  });
});

function bound(target: EncodedRows, key: string | symbol): unknown {
  const value: unknown = Reflect.get(target, key, target);
  return typeof value === 'function' ? (value.bind(target) as unknown) : value;
}
