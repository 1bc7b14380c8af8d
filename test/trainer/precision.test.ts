/** Mixed precision against PyTorch's autocast, from the same weights and rows. The golden numbers are made by test/golden/mixed.py. */
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import type { Experiment } from '../../src/config/schema.js';
import { collate } from '../../src/data/batch/collate.js';
import { onnxEngine } from '../../src/engine/onnx/index.js';
import { readAdapter } from '../../src/lora/peft.js';
import { readModel } from '../../src/models/registry.js';
import { initialValues } from '../../src/trainer/initial.js';
import { afterUpdate, firstLossScale, lossScaleIn } from '../../src/trainer/recovery/loss-scale.js';
import { trainingProgram } from '../../src/trainer/program.js';
import { tuningOf } from '../../src/trainer/tuning.js';
import { runUpdate } from '../../src/trainer/update.js';
import { heldRows } from '../data/held-rows.js';

interface Figures {
  readonly losses: readonly number[];
  readonly grad_norms: readonly number[];
}

interface Golden extends Figures {
  readonly settings: { readonly updates: number; readonly accumulation: number; readonly batch: number };
  readonly rows: readonly { readonly input_ids: readonly number[]; readonly prompt: number }[];
}

const golden = fileURLToPath(new URL('../golden/', import.meta.url));
const models = fileURLToPath(new URL('../../../shared/material/models/', import.meta.url));
const read = <T>(...path: string[]): T => JSON.parse(readFileSync(join(golden, ...path), 'utf8')) as T;
const mixed = read<{ readonly runs: Readonly<Record<string, Readonly<Record<'f16' | 'bf16', Figures>>>> }>('mixed.json');

/** Largest differences from PyTorch's: of a loss, and of a gradient norm as a share of it. */
const tolerances = { f16: { loss: 1e-3, norm: 2e-3 }, bf16: { loss: 1e-2, norm: 1.2e-2 } } as const;

describe.each(['stories260k', 'tiny-random-gpt2'])('mixed precision on %s', (name) => {
  const folder = join(models, name);
  const full = read<Golden>('lora', name, 'golden.json');
  it.skipIf(!existsSync(folder)).each(['f16', 'bf16'] as const)('in %s gives the losses and gradient norms of torch.autocast', async (precision) => {
    const found = await train(folder, full, { precision });
    const { loss, norm } = tolerances[precision];
    const expected = mixed.runs[name][precision];
    for (const [update, each] of found.losses.entries()) expect(Math.abs(each - expected.losses[update])).toBeLessThan(loss);
    for (const [update, each] of found.grad_norms.entries()) expect(Math.abs(each / expected.grad_norms[update] - 1)).toBeLessThan(norm);
    expect(found.weightBytes).toBeLessThan(0.6 * (await train(folder, full, { precision: 'f32', updates: 0 })).weightBytes);
  });
});

describe('mixed precision', () => {
  const name = 'tiny-random-gpt2';
  const folder = join(models, name);
  const full = read<Golden>('lora', name, 'golden.json');

  it.skipIf(!existsSync(folder))('gives the same bits with gradient checkpointing', async () => {
    const [kept, again] = [await train(folder, full, { precision: 'bf16', updates: 2 }), await train(folder, full, { precision: 'bf16', updates: 2, recompute: true })];
    expect(again.losses).toEqual(kept.losses);
    expect(again.grad_norms).toEqual(kept.grad_norms);
  });

  it.skipIf(!existsSync(folder)).each(['int8', 'int4'] as const)('goes with a base in %s', async (quantization) => {
    const [plain, half] = [await train(folder, full, { precision: 'f32', quantization, updates: 2 }), await train(folder, full, { precision: 'bf16', quantization, updates: 2 })];
    for (const [update, each] of half.losses.entries()) expect(Math.abs(each - plain.losses[update])).toBeLessThan(tolerances.bf16.loss);
  });
});

type Asked = Pick<Experiment, 'precision'> & Partial<Pick<Experiment, 'quantization'>> & { readonly updates?: number; readonly recompute?: boolean };

async function train(folder: string, { settings: { updates: all, accumulation, batch, ...settings }, rows }: Golden, { updates = all, recompute = false, ...asked }: Asked): Promise<Figures & { readonly weightBytes: number }> {
  const experiment = parseExperiment({
    model: folder,
    dataset: { path: 'none' },
    ...asked,
    lora: readAdapter(join(golden, 'lora', folder.slice(models.length), 'start')).config,
    train: { ...settings, per_device_train_batch_size: batch, gradient_accumulation_steps: accumulation },
  });
  const model = readModel(folder);
  const tuning = tuningOf(experiment, model);
  const { program, masks } = trainingProgram(model, tuning, experiment.train, { recompute, labelChunks: 1 });
  const initial = initialValues({ experiment, model, tuning, checkpoint: null });
  const executable = await onnxEngine.compile(program, { device: 'cpu', threads: 1, initial, scratch: mkdtempSync(join(tmpdir(), 'workbench-mixed-')) });
  const held = heldRows(rows.map(({ input_ids: ids, prompt }) => ({ ids, learned: prompt })));
  const figures = { losses: [] as number[], grad_norms: [] as number[], weightBytes: executable.variableBytes };
  let lossScale = firstLossScale;
  for (let step = 0; step < updates; step++) {
    const microBatches = Array.from({ length: accumulation }, (_, micro) => {
      const first = (step * accumulation + micro) * batch;
      return collate(held, Array.from({ length: batch }, (__, i) => [first + i]), { padId: 0 });
    });
    const update = await runUpdate({ executable, masks, labelChunks: 1, totalSteps: all, experiment }, { microBatches }, { step, lossLimit: null, rateFactor: 1, lossScale: lossScaleIn(tuning.half, lossScale), interrupted: () => false });
    figures.losses.push(update!.lossSum / update!.weight);
    figures.grad_norms.push(update!.gradNorm);
    lossScale = afterUpdate(lossScale, tuning.half);
  }
  await executable.dispose();
  return figures;
}
