/**
 * Ten updates against Transformers' Trainer with options of its own: label smoothing, Adafactor, NEFTune (the same noise), and
 * PEFT's LoRA+. Every loss, gradient norm and rate, and the weights at the end. Made by test/golden/options.py.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import { collate } from '../../src/data/batch/collate.js';
import type { Executable } from '../../src/engine/contract.js';
import { onnxEngine } from '../../src/engine/onnx/index.js';
import { referenceEngine } from '../../src/engine/reference/index.js';
import { tfjsEngine } from '../../src/engine/tfjs/index.js';
import { savedName } from '../../src/lora/names.js';
import { readModel } from '../../src/models/registry.js';
import { initialValues } from '../../src/trainer/initial.js';
import { trainingProgram } from '../../src/trainer/program.js';
import { tuningOf } from '../../src/trainer/tuning.js';
import { runUpdate } from '../../src/trainer/update.js';
import { f32, i32 } from '../../src/util/tensor.js';
import { drawNoise } from '../../src/trainer/neftune.js';
import { SafetensorsFile } from '../../src/weights/safetensors.js';
import { heldRows } from '../data/held-rows.js';
import { goldenFolder, readJson, relativeError } from '../golden/support.js';

interface Golden {
  readonly settings: { readonly updates: number; readonly accumulation: number; readonly batch: number; readonly neftune_noise_alpha?: number } & Readonly<Record<string, unknown>>;
  readonly rows: readonly { readonly input_ids: readonly number[]; readonly prompt: number }[];
  readonly losses: readonly number[];
  readonly grad_norms: readonly number[];
  readonly learning_rates: readonly number[];
}

const adapter = { lora: { r: 4, lora_alpha: 8 }, train: { loraplus_lr_ratio: 16 } };
const engines = [onnxEngine, tfjsEngine, referenceEngine];

describe.each(['smoothing', 'adafactor', 'neftune', 'neftune-scaled', 'loraplus'])('%s', (name) => {
  const folder = join(goldenFolder, 'models', name === 'neftune-scaled' ? 'gemma2' : 'llama-tied-bf16-shards');
  const expected = readJson<Golden>(goldenFolder, 'options', name, 'golden.json');
  const final = SafetensorsFile.open(join(goldenFolder, 'options', name, 'final.safetensors'));

  it.each(engines)('gives the losses and the weights of Transformers on $name', async (engine) => {
    const { updates, accumulation, batch, ...settings } = expected.settings;
    const ofAdapter = name === 'loraplus';
    const experiment = parseExperiment({
      model: folder,
      dataset: { path: 'none' },
      finetuning: ofAdapter ? 'lora' : 'full',
      ...(ofAdapter ? { lora: adapter.lora } : {}),
      train: { ...settings, ...(ofAdapter ? adapter.train : {}), per_device_train_batch_size: batch, gradient_accumulation_steps: accumulation },
    });
    const model = readModel(folder);
    const tuning = tuningOf(experiment, model);
    const { program, masks, noise } = trainingProgram(model, tuning, experiment.train);
    const start = ofAdapter ? SafetensorsFile.open(join(goldenFolder, 'options', name, 'start.safetensors')) : null;
    const first = initialValues({ experiment, model, tuning, checkpoint: null });
    const compiled = await engine.compile(program, {
      device: 'cpu',
      threads: 1,
      initial: (variable) => (start !== null && variable.role === 'trainable' ? start.read(savedName(variable.name)) : first(variable)),
      scratch: mkdtempSync(join(tmpdir(), 'workbench-options-')),
    });
    const executable = settings.neftune_noise_alpha === undefined ? compiled : withSines(compiled, settings.neftune_noise_alpha);

    const rows = heldRows(expected.rows.map(({ input_ids: ids, prompt }) => ({ ids, learned: prompt })));
    for (let step = 0; step < updates; step++) {
      const microBatches = Array.from({ length: accumulation }, (_, micro) => {
        const from = (step * accumulation + micro) * batch;
        return collate(rows, Array.from({ length: batch }, (__, i) => [from + i]), { padId: 0 });
      });
      const figures = await runUpdate({ executable, masks, noise, labelChunks: 1, totalSteps: updates, experiment }, { microBatches }, { step, lossLimit: null, rateFactor: 1, interrupted: () => false });
      expect(Math.abs(figures!.lossSum / figures!.weight - expected.losses[step]), `loss of update ${step + 1}`).toBeLessThan(1e-4);
      expect(Math.abs(figures!.gradNorm - expected.grad_norms[step]) / expected.grad_norms[step], `norm of update ${step + 1}`).toBeLessThan(1e-3);
      expect(figures!.learningRate).toBeCloseTo(expected.learning_rates[step], 10);
    }
    for (const { name: parameter } of tuning.trainable) {
      const ours = await executable.read(parameter);
      expect(relativeError(ours.data, final.read(ofAdapter ? savedName(parameter) : parameter).data), parameter).toBeLessThan(1e-3);
    }
    await executable.dispose();
  });
});

/** The noise of the maker, m·sin(12.9898·i + n), in place of a random one. */
function withSines(executable: Executable, alpha: number): Executable {
  let calls = 0;
  return {
    ...executable,
    read: (name) => executable.read(name),
    dispose: () => executable.dispose(),
    run(fn, feeds) {
      if (fn !== 'micro_step') return executable.run(fn, feeds);
      const { shape } = feeds['embedding_noise'];
      const magnitude = alpha / Math.sqrt(shape[1] * shape[2]);
      const call = calls++;
      const values = Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, i) => magnitude * Math.sin(12.9898 * (i + 1) + call));
      return executable.run(fn, { ...feeds, embedding_noise: f32(shape, values) });
    },
  };
}

describe('the noise of NEFTune', () => {
  const segments = i32([2, 8], [1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 0, 0]);
  const draw = (key: readonly number[]) => drawNoise({ name: 'embedding_noise', width: 500 }, segments, { alpha: 5, key }).embedding_noise;

  it('is uniform, of a magnitude by the length of each text, and none where there is padding', () => {
    const { data } = draw([42, 3, 0]);
    const of = (row: number, from: number, to: number) => Array.from(data.subarray((8 * row + from) * 500, (8 * row + to) * 500));
    const magnitude = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (const [values, length] of [[of(0, 0, 4), 4], [of(0, 4, 8), 4], [of(1, 0, 6), 6]] as const) {
      const bound = 5 / Math.sqrt(length * 500);
      expect(magnitude(values)).toBeLessThanOrEqual(bound);
      expect(magnitude(values)).toBeGreaterThan(0.99 * bound);
      const variance = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
      expect(Math.abs(variance / (bound ** 2 / 3) - 1)).toBeLessThan(0.1);
    }
    expect(magnitude(of(1, 6, 8))).toBe(0);
  });

  it('is a function of seed, update and micro-batch', () => {
    expect(draw([42, 3, 0])).toEqual(draw([42, 3, 0]));
    expect(draw([42, 3, 1]).data).not.toEqual(draw([42, 3, 0]).data);
  });
});
