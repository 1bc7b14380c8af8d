import { describe, expect, it } from 'vitest';
import { dueAfter, smallerMicroBatch, surplusCheckpoints, totalUpdates } from '../../src/trainer/policy.js';
import { remember, spikeLimit } from '../../src/trainer/recovery/spike.js';

const intervals = { logging_steps: 5, logging_first_step: false, eval_strategy: 'steps', eval_steps: 10, save_strategy: 'steps', save_steps: 0 } as const;
const within = (step: number) => ({ step, total: 100, epochEnded: false });

describe('dueAfter', () => {
  it('follows the intervals', () => {
    expect(dueAfter(within(4), intervals)).toEqual({ log: false, evaluate: false, save: false });
    expect(dueAfter(within(5), intervals)).toEqual({ log: true, evaluate: false, save: false });
    expect(dueAfter(within(10), intervals)).toEqual({ log: true, evaluate: true, save: false });
  });

  it('follows the epochs where that is asked for, whatever the intervals', () => {
    expect(dueAfter({ ...within(7), epochEnded: true }, { ...intervals, save_strategy: 'epoch' })).toEqual({ log: false, evaluate: false, save: true });
    expect(dueAfter({ ...within(7), epochEnded: true }, intervals)).toEqual({ log: false, evaluate: false, save: false });
    expect(dueAfter(within(10), { ...intervals, eval_strategy: 'epoch' })).toEqual({ log: true, evaluate: false, save: false });
  });

  it('logs the first update where that is asked for', () => {
    expect([1, 2].map((step) => dueAfter(within(step), { ...intervals, logging_first_step: true }).log)).toEqual([true, false]);
  });

  it('does everything after the last update, also where an interval is 0', () => {
    expect(dueAfter({ step: 7, total: 7, epochEnded: false }, intervals)).toEqual({ log: true, evaluate: true, save: true });
  });
});

describe('spikeLimit', () => {
  const guard = { spike_guard: 3, spike_window: 4 };

  it('is a multiple of the mean of the last losses, once half of them are there', () => {
    expect(spikeLimit([1], guard)).toBeNull();
    expect(spikeLimit([1, 2], guard)).toBe(4.5);
    expect(spikeLimit([100, 1, 2, 3, 4], guard)).toBe(7.5);
    expect(spikeLimit([1, 2, 3, 4], { spike_guard: 0, spike_window: 4 })).toBeNull();
  });

  it('remembers no more than it needs', () => {
    expect(remember([1, 2, 3, 4], 5, guard)).toEqual([2, 3, 4, 5]);
    expect(remember([1, 2], 3, { spike_guard: 0, spike_window: 4 })).toEqual([]);
  });
});

describe('totalUpdates', () => {
  it('counts as Transformers does: max_steps goes before epochs, part epochs are rounded up', () => {
    expect(totalUpdates({ max_steps: 12, num_train_epochs: 3 }, 100)).toBe(12);
    expect(totalUpdates({ max_steps: -1, num_train_epochs: 3 }, 100)).toBe(300);
    expect(totalUpdates({ max_steps: -1, num_train_epochs: 0.25 }, 7)).toBe(2);
  });
});

describe('smallerMicroBatch', () => {
  it('keeps the rows of an update', () => {
    expect(smallerMicroBatch({ per_device_train_batch_size: 8, gradient_accumulation_steps: 3 })).toEqual({ per_device_train_batch_size: 4, gradient_accumulation_steps: 6 });
    expect(smallerMicroBatch({ per_device_train_batch_size: 5, gradient_accumulation_steps: 2 })).toEqual({ per_device_train_batch_size: 1, gradient_accumulation_steps: 10 });
    expect(smallerMicroBatch({ per_device_train_batch_size: 1, gradient_accumulation_steps: 2 })).toBeNull();
  });
});

describe('surplusCheckpoints', () => {
  it('removes the oldest and never the newest', () => {
    expect(surplusCheckpoints([30, 10, 20], { limit: 2, newest: 30, best: null, forGood: [] })).toEqual([10]);
    expect(surplusCheckpoints([10, 20], { limit: 5, newest: 20, best: null, forGood: [] })).toEqual([]);
    expect(surplusCheckpoints([10, 20, 30], { limit: null, newest: 30, best: null, forGood: [] })).toEqual([]);
  });

  it('removes what is later than the newest: the run went on without it', () => {
    expect(surplusCheckpoints([10, 15, 20, 30], { limit: 1, newest: 15, best: null, forGood: [] })).toEqual([10, 20, 30]);
  });

  it('keeps the best', () => {
    expect(surplusCheckpoints([10, 20, 30, 40], { limit: 2, newest: 40, best: 10, forGood: [] })).toEqual([20, 30]);
    expect(surplusCheckpoints([10, 20, 30], { limit: 1, newest: 30, best: 20, forGood: [] })).toEqual([10]);
    expect(surplusCheckpoints([10, 20, 30], { limit: 2, newest: 30, best: 30, forGood: [] })).toEqual([10]);
    expect(surplusCheckpoints([10, 20, 30], { limit: 1, newest: 30, best: 30, forGood: [] })).toEqual([10, 20]);
  });

  it('keeps for good what is to be, beside the others', () => {
    expect(surplusCheckpoints([10, 20, 30, 40, 50], { limit: 2, newest: 50, best: null, forGood: [10, 30] })).toEqual([20]);
    expect(surplusCheckpoints([10, 20, 30], { limit: 1, newest: 30, best: 10, forGood: [30] })).toEqual([20]);
    expect(surplusCheckpoints([10, 20, 30], { limit: 1, newest: 20, best: null, forGood: [30] })).toEqual([10, 30]);
  });
});
