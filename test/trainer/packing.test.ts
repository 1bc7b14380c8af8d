/** Rows that share a row of a batch learn the same as rows that have one each. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Experiment } from '../../src/config/schema.js';
import { SafetensorsFile } from '../../src/weights/safetensors.js';
import { relativeError } from '../golden/support.js';
import { experimentOf, losses, run, watched } from './support.js';

interface Learned {
  readonly losses: readonly number[];
  /** The gradient of every trained tensor, one list an update. */
  readonly gradients: readonly (readonly number[])[];
  /** B of every micro-batch. */
  readonly rows: readonly number[];
  /** B·T of all of them. */
  readonly computed: number;
  readonly tokens: number;
  readonly adapter: SafetensorsFile;
  readonly evaluations: readonly (readonly [loss: number, accuracy: number | null])[];
}

async function learned(experiment: Experiment): Promise<Learned> {
  const gradients: number[][] = [];
  const rows: number[] = [];
  let computed = 0;
  const watching = watched((executable, { variables }) => {
    const names = variables.map(({ name }) => name).filter((name) => name.endsWith('.grad'));
    return async (fn, feeds) => {
      if (fn === 'micro_step') {
        rows.push(feeds['input_ids'].shape[0]);
        computed += feeds['input_ids'].data.length;
      }
      if (fn === 'grad_norm') gradients.push((await Promise.all(names.map((name) => executable.read(name)))).flatMap(({ data }) => [...data]));
      return executable.run(fn, feeds);
    };
  });
  const done = await run(experiment, { chooseEngine: watching });
  expect(done.events.at(-1)).toMatchObject({ type: 'completed' });
  const steps = done.events.filter((event) => event.type === 'step');
  const evaluations = done.events.flatMap((event) => (event.type === 'eval' ? [[event.eval_loss, event.accuracy] as const] : []));
  return { losses: losses(done), gradients, rows, computed, tokens: steps.at(-1)!.tokens_seen, adapter: SafetensorsFile.open(join(done.folder, 'adapter', 'adapter_model.safetensors')), evaluations };
}

function expectSameGradient(one: readonly number[], other: readonly number[]): void {
  const largest = one.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(largest).toBeGreaterThan(1e-3);
  expect(one.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i])), 0)).toBeLessThan(1e-5 * largest);
}

describe('packing', () => {
  it.each(['classification', 'text'])('has the loss and the gradient of the rows apart (%s)', async (format) => {
    const of = (packing: boolean) => {
      const { dataset } = experimentOf();
      return experimentOf({ packing, dataset: { ...dataset, format, max_samples: 12 }, lora: { lora_dropout: 0 }, train: { padding_free: false, per_device_train_batch_size: 12, gradient_accumulation_steps: 1, max_steps: 2, logging_steps: 1, eval_steps: 0, save_steps: 0 } });
    };
    const [apart, packed] = [await learned(of(false)), await learned(of(true))];
    expect(apart.rows).toEqual([12, 12]);
    expect(packed.rows[0]).toBeLessThan(12);
    packed.losses.forEach((loss, update) => expect(loss).toBeCloseTo(apart.losses[update], 5));
    // The second update is from weights that differ in the last bits, since Adam divides by small moments.
    expectSameGradient(apart.gradients[0], packed.gradients[0]);
  });
});

describe('padding-free micro-batches', () => {
  const weighted = { type: 'keytoken', tokens: ['good', 'the'], alpha: 0.5 };
  it.each([['every label alike', { type: 'mean' }, false], ['rows by their key tokens', weighted, false], ['rows of about one length', { type: 'mean' }, true]] as const)('learn what padded ones do: ten updates, %s', async (_, loss, group_by_length) => {
    const of = (padding_free: boolean) => {
      const { dataset } = experimentOf();
      return experimentOf({
        dataset: { ...dataset, format: 'text', max_samples: 120, val_size: 17 }, loss, lora: { lora_dropout: 0 },
        train: { padding_free, group_by_length, per_device_train_batch_size: 8, per_device_eval_batch_size: 7, gradient_accumulation_steps: 2, max_steps: 10, logging_steps: 1, eval_steps: 5, save_steps: 0 },
      });
    };
    const [padded, filled] = [await learned(of(false)), await learned(of(true))];
    expect(padded.losses).toHaveLength(10);
    expect(filled.tokens).toBe(padded.tokens);
    expect(filled.computed).toBeLessThan(padded.computed);
    filled.losses.forEach((value, update) => expect(value).toBeCloseTo(padded.losses[update], 4));
    expectSameGradient(padded.gradients[0], filled.gradients[0]);
    for (const name of padded.adapter.names) expect(relativeError(filled.adapter.read(name).data, padded.adapter.read(name).data), name).toBeLessThan(1e-3);
    expect(filled.evaluations).toHaveLength(2);
    filled.evaluations.forEach(([value, accuracy], i) => {
      expect(value).toBeCloseTo(padded.evaluations[i][0], 4);
      expect(accuracy).toBe(padded.evaluations[i][1]);
    });
  });
});
