/** How long the form says that a run takes. */
import { expect, it } from 'vitest';
import type { RunRecord } from '../../src/store/rows.js';
import { paceOf, predicted } from '../../src/ui/screens/new-run/pace.js';
import type { Estimate } from '../../src/trainer/estimate.js';
import { experiment } from '../cli/samples.js';

const past = (name: string, step: number, speed: number) => ({ name, step, tokens_per_second: speed, config: experiment }) as RunRecord;
const estimate = { steps: 200, steps_per_epoch: 100, tokens_per_epoch: 50_000 } as Estimate;
const calibration = { runs: 3, memory_ratio: 1, seconds_per_step: 0.1 };

it('goes by the longest run of its shape: of a short one the start is most', () => {
  const runs = [past('trial', 10, 500), past('long', 900, 5000), past('begun', 2, 50_000)];
  const pace = paceOf(experiment, { probed: null, runs, alike: () => true });
  expect(predicted(estimate, pace, null)).toEqual({ seconds: 20, from: 'as long ran, 5.00k tokens/s' });
});

it('is what the calibrated estimate says, unless it was timed', () => {
  const pace = { tokens_per_second: 1000, from: 'as trial ran', timed: false };
  expect(predicted({ ...estimate, calibration }, pace, null)).toEqual({ seconds: 20, from: 'as 3 runs like it' });
  expect(predicted({ ...estimate, calibration }, { ...pace, from: 'as timed', timed: true }, null)?.seconds).toBe(100);
});
