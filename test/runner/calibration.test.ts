/** A finished run is measured, and the next one like it is estimated by what it took. */
import { afterAll, expect, it } from 'vitest';
import { Tiny } from './tiny.js';

const place = new Tiny();
afterAll(() => place.remove());

it('calibrates the estimate of the next run', async () => {
  const first = await place.run(place.create('train.max_steps=6'));
  const [measured, ...others] = place.store.measurements();
  expect(others).toEqual([]);
  expect(measured).toMatchObject({ device: 'cpu', automatic: true });
  expect(measured.memory_ratio).toBeCloseTo(first.peak_memory_bytes! / first.estimated_memory_bytes!, 2);
  const second = await place.run(place.create('train.max_steps=1'));
  const ratio = Math.min(2, Math.max(0.5, measured.memory_ratio!));
  expect(second.estimated_memory_bytes! / first.estimated_memory_bytes!).toBeCloseTo(ratio, 1); // its tokens come from the cache
  expect(place.store.measurements()).toHaveLength(1); // one update teaches nothing
  place.store.remove(first.id);
  expect(place.store.measurements()).toHaveLength(1);
});
