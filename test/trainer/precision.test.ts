/**
 * Mixed precision against PyTorch's autocast, from the same weights and rows (the golden numbers are made by
 * test/golden/mixed.py), and every kind of model against itself in full precision.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/config/parse.js';
import type { Experiment } from '../../src/config/schema.js';
import { collate, type Batch } from '../../src/data/batch/collate.js';
import { promptAndAnswer, sourceAndTarget } from '../../src/data/batch/layout.js';
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
const scratch = mkdtempSync(join(tmpdir(), 'workbench-mixed-'));
afterAll(() => rmSync(scratch, { recursive: true }));
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

interface Held {
  readonly input_ids: readonly (readonly number[])[];
  readonly attention_mask: readonly (readonly number[])[];
  /** At their own token, or of an encoder–decoder its targets; −100: none. */
  readonly labels: readonly (readonly number[])[];
}

/** Largest difference of a loss from full precision, over all families; docs/engines.md has these. */
const fromFull = { f16: 0.003, bf16: 0.012 } as const;

describe.each(['models/gpt2', 'models/llama-gqa', 'models/gemma2', 'models/gpt-neox', 'models/bloom', 'models/chatglm2', 'chatglm', 'bart/plain', 'encoders/bert-words'])('%s', (name) => {
  const folder = join(golden, name);
  const { encoderDecoder, answerStartId } = readModel(folder);
  const { input_ids, attention_mask, labels } = read<Held>(name, 'golden.json');
  const rows = input_ids.map((padded, row) => {
    const ids = padded.filter((_, t) => attention_mask[row][t] === 1);
    const targets = labels[row].filter((label) => label !== -100);
    return encoderDecoder ? { ids: [...ids, ...targets], learned: ids.length } : { ids, learned: ids.map((_, t) => labels[row][t] !== -100) };
  });
  const layout = encoderDecoder ? sourceAndTarget(encoderDecoder.startId) : answerStartId === null ? undefined : promptAndAnswer(answerStartId);
  const batch = collate(heldRows(rows), rows.map((_, row) => [row]), { padId: 0, layout });

  it.each(['lora', 'full'] as const)('stays near full precision in 16 bits, %s', async (finetuning) => {
    const losses = async (precision: 'f32' | 'f16' | 'bf16') => {
      const experiment = parseExperiment({ model: folder, dataset: { path: 'none' }, finetuning, precision, lora: { lora_dropout: 0 }, train: { learning_rate: finetuning === 'lora' ? 5e-3 : 1e-3, lr_scheduler_type: 'constant' } });
      return (await runUpdates(experiment, [[batch], [batch], [batch]])).losses;
    };
    const full = await losses('f32');
    expect(Math.abs(full[2] - full[0])).toBeGreaterThan(fromFull.bf16); // there is something to differ in
    for (const half of ['f16', 'bf16'] as const) {
      const found = await losses(half);
      for (const [update, each] of found.entries()) expect(Math.abs(each - full[update])).toBeLessThan(fromFull[half]);
    }
  });
});

type Asked = Pick<Experiment, 'precision'> & Partial<Pick<Experiment, 'quantization'>> & { readonly updates?: number; readonly recompute?: boolean };

function train(folder: string, { settings: { updates: all, accumulation, batch, ...settings }, rows }: Golden, { updates = all, recompute = false, ...asked }: Asked): Promise<Trained> {
  const experiment = parseExperiment({
    model: folder,
    dataset: { path: 'none' },
    ...asked,
    lora: readAdapter(join(golden, 'lora', folder.slice(models.length), 'start')).config,
    train: { ...settings, per_device_train_batch_size: batch, gradient_accumulation_steps: accumulation },
  });
  const held = heldRows(rows.map(({ input_ids: ids, prompt }) => ({ ids, learned: prompt })));
  const microBatch = (first: number) => collate(held, Array.from({ length: batch }, (_, i) => [first + i]), { padId: 0 });
  const planned = Array.from({ length: updates }, (_, step) => Array.from({ length: accumulation }, (__, micro) => microBatch((step * accumulation + micro) * batch)));
  return runUpdates(experiment, planned, { recompute, totalSteps: all });
}

interface Trained extends Figures {
  readonly weightBytes: number;
}

/** One update for each list of micro-batches. */
async function runUpdates(experiment: Experiment, updates: readonly (readonly Batch[])[], { recompute = false, totalSteps = updates.length } = {}): Promise<Trained> {
  const model = readModel(experiment.model);
  const tuning = tuningOf(experiment, model);
  const { program, masks } = trainingProgram(model, tuning, experiment.train, { recompute, labelChunks: 1 });
  const initial = initialValues({ experiment, model, tuning, checkpoint: null });
  const { micro_step, grad_norm, update } = program.functions;
  const executable = await onnxEngine.compile({ ...program, functions: { micro_step, grad_norm, update } }, { device: 'cpu', threads: 1, initial, scratch: mkdtempSync(join(scratch, 'engine-')) });
  const figures = { losses: [] as number[], grad_norms: [] as number[], weightBytes: executable.variableBytes };
  let lossScale = firstLossScale;
  for (const [step, microBatches] of updates.entries()) {
    const made = await runUpdate({ executable, masks, labelChunks: 1, totalSteps, experiment }, { microBatches }, { step, lossLimit: null, rateFactor: 1, lossScale: lossScaleIn(tuning.half, lossScale), interrupted: () => false });
    figures.losses.push(made!.lossSum / made!.weight);
    figures.grad_norms.push(made!.gradNorm);
    lossScale = afterUpdate(lossScale, tuning.half);
  }
  await executable.dispose();
  return figures;
}
