/**
 * Ten updates against Transformers' Trainer and PEFT, from the same weights and the same rows: every loss, gradient norm
 * and rate, and the weights at the end. The golden numbers are made by test/golden/lora.py and full.py.
 */
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import { collate } from '../../src/data/batch/collate.js';
import type { EncodedRows } from '../../src/data/rows.js';
import { heldRows } from '../data/held-rows.js';
import type { Engine } from '../../src/engine/contract.js';
import { onnxEngine } from '../../src/engine/onnx/index.js';
import { referenceEngine } from '../../src/engine/reference/index.js';
import { tfjsEngine } from '../../src/engine/tfjs/index.js';
import { readAdapter } from '../../src/lora/peft.js';
import { readModel } from '../../src/models/registry.js';
import { initialValues } from '../../src/trainer/initial.js';
import { trainingProgram } from '../../src/trainer/program.js';
import { tuningOf } from '../../src/trainer/tuning.js';
import { runUpdate } from '../../src/trainer/update.js';
import { SafetensorsFile } from '../../src/weights/safetensors.js';
import { relativeError } from '../golden/support.js';
import { meant } from '../golden/updates.js';

interface Golden {
  readonly settings: { readonly updates: number; readonly accumulation: number; readonly batch: number; readonly learning_rate: number; readonly lr_scheduler_type: string; readonly warmup_steps: number; readonly weight_decay: number; readonly max_grad_norm: number };
  readonly rows: readonly { readonly input_ids: readonly number[]; readonly prompt: number }[];
  readonly losses: readonly number[];
  readonly grad_norms: readonly number[];
  readonly learning_rates: readonly number[];
}

interface Case {
  readonly name: string;
  readonly model: string;
  /** Of golden.json, and what was learned. */
  readonly golden: string;
  readonly finetuning: 'lora' | 'full';
}

const golden = fileURLToPath(new URL('../golden/', import.meta.url));
const models = fileURLToPath(new URL('../../../shared/material/models/', import.meta.url));
const lora = ['stories260k', 'tiny-random-gpt2'].map((name): Case => ({ name, model: join(models, name), golden: join(golden, 'lora', name), finetuning: 'lora' }));
const full = ['gpt2', 'llama-tied-bf16-shards'].map((name): Case => ({ name, model: join(golden, 'models', name), golden: join(golden, 'full', name), finetuning: 'full' }));
const engines: readonly Engine[] = [onnxEngine, tfjsEngine, referenceEngine];

describe.each([...lora, ...full])('$finetuning on $name', ({ model: folder, golden: expectedFolder, finetuning }) => {
  const expected = JSON.parse(readFileSync(join(expectedFolder, 'golden.json'), 'utf8')) as Golden;

  it.skipIf(!existsSync(folder)).each(engines)('gives the losses and the weights of Transformers and PEFT on $name', async (engine) => {
    const { updates, accumulation, batch, ...settings } = expected.settings;
    const start = finetuning === 'lora' ? { lora: readAdapter(join(expectedFolder, 'start')).config } : {};
    const experiment = parseExperiment({
      model: folder,
      dataset: { path: 'none' },
      finetuning,
      ...start,
      train: { ...settings, per_device_train_batch_size: batch, gradient_accumulation_steps: accumulation },
    });
    const model = readModel(folder);
    const tuning = tuningOf(experiment, model);
    const { program, masks } = trainingProgram(model, tuning, experiment.train);
    const executable = await engine.compile(program, {
      device: 'cpu',
      threads: 1,
      initial: initialValues({ experiment, model, tuning, checkpoint: null }),
      scratch: mkdtempSync(join(tmpdir(), 'workbench-golden-')),
    });

    const rows = encoded(expected.rows);
    for (let step = 0; step < updates; step++) {
      const microBatches = Array.from({ length: accumulation }, (_, micro) => {
        const first = (step * accumulation + micro) * batch;
        return collate(rows, Array.from({ length: batch }, (__, i) => [first + i]), { padId: 0 });
      });
      const figures = await runUpdate({ executable, masks, labelChunks: 1, totalSteps: updates, experiment }, { microBatches }, { step, lossLimit: null, rateFactor: 1, interrupted: () => false });
      expect(figures).not.toBeNull();
      expect(Math.abs(figures!.lossSum / figures!.weight - expected.losses[step])).toBeLessThan(1e-4);
      expect(Math.abs(figures!.gradNorm - expected.grad_norms[step])).toBeLessThan(1e-3);
      expect(figures!.learningRate).toBeCloseTo(expected.learning_rates[step], 10);
    }

    const learned = join(expectedFolder, finetuning === 'lora' ? 'final/adapter_model.safetensors' : 'final.safetensors');
    const wanted = SafetensorsFile.open(learned);
    expect([...wanted.names].sort()).toEqual(tuning.trainable.map((parameter) => parameter.name).sort());
    for (const key of wanted.names) expect(relativeError(meant(key, (await executable.read(key)).data), meant(key, wanted.read(key).data)), key).toBeLessThan(1e-4);
    await executable.dispose();
  });
});

function encoded(rows: Golden['rows']): EncodedRows {
  return heldRows(rows.map(({ input_ids: ids, prompt }) => ({ ids, learned: prompt })));
}
