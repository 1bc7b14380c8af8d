/** Rows that share a row of a batch learn the same as rows that have one each. */
import { describe, expect, it } from 'vitest';
import type { Experiment } from '../../src/config/schema.js';
import { experimentOf, losses, run, watched } from './support.js';

interface Learned {
  readonly losses: readonly number[];
  /** The gradient of every trained tensor, one list an update. */
  readonly gradients: readonly (readonly number[])[];
  readonly rows: readonly number[];
}

async function learned(experiment: Experiment): Promise<Learned> {
  const gradients: number[][] = [];
  const rows: number[] = [];
  const watching = watched((executable, { variables }) => {
    const names = variables.map(({ name }) => name).filter((name) => name.endsWith('.grad'));
    return async (fn, feeds) => {
      if (fn === 'micro_step') rows.push(feeds['input_ids'].shape[0]);
      if (fn === 'grad_norm') gradients.push((await Promise.all(names.map((name) => executable.read(name)))).flatMap(({ data }) => [...data]));
      return executable.run(fn, feeds);
    };
  });
  const done = await run(experiment, { chooseEngine: watching });
  expect(done.events.at(-1)).toMatchObject({ type: 'completed' });
  return { losses: losses(done), gradients, rows };
}

describe('packing', () => {
  it.each(['classification', 'text'])('has the loss and the gradient of the rows apart (%s)', async (format) => {
    const of = (packing: boolean) => {
      const { dataset } = experimentOf();
      return experimentOf({ packing, dataset: { ...dataset, format, max_samples: 12 }, lora: { lora_dropout: 0 }, train: { per_device_train_batch_size: 12, gradient_accumulation_steps: 1, max_steps: 2, logging_steps: 1, eval_steps: 0, save_steps: 0 } });
    };
    const [apart, packed] = [await learned(of(false)), await learned(of(true))];
    expect(apart.rows).toEqual([12, 12]);
    expect(packed.rows[0]).toBeLessThan(12);
    packed.losses.forEach((loss, update) => expect(loss).toBeCloseTo(apart.losses[update], 5));
    // The second update is from weights that differ in the last bits, since Adam divides by small moments.
    const [one, other] = [apart.gradients[0], packed.gradients[0]];
    const largest = one.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeGreaterThan(1e-3);
    expect(one.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i])), 0)).toBeLessThan(1e-5 * largest);
  });
});
