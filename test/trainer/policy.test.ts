import { describe, expect, it } from 'vitest';
import { dueAfter, smallerMicroBatch, surplusCheckpoints, totalUpdates } from '../../src/trainer/policy.js';

const intervals = { logging_steps: 5, eval_steps: 10, save_steps: 0 };

describe('dueAfter', () => {
  it('follows the intervals', () => {
    expect(dueAfter(4, 100, intervals)).toEqual({ log: false, evaluate: false, save: false });
    expect(dueAfter(5, 100, intervals)).toEqual({ log: true, evaluate: false, save: false });
    expect(dueAfter(10, 100, intervals)).toEqual({ log: true, evaluate: true, save: false });
  });

  it('does everything after the last update, also where an interval is 0', () => {
    expect(dueAfter(7, 7, intervals)).toEqual({ log: true, evaluate: true, save: true });
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
    expect(surplusCheckpoints([30, 10, 20], { limit: 2, newest: 30, best: null })).toEqual([10]);
    expect(surplusCheckpoints([10, 20], { limit: 5, newest: 20, best: null })).toEqual([]);
    expect(surplusCheckpoints([10, 20, 30], { limit: null, newest: 30, best: null })).toEqual([]);
  });

  it('removes what is later than the newest: the run went on without it', () => {
    expect(surplusCheckpoints([10, 15, 20, 30], { limit: 1, newest: 15, best: null })).toEqual([10, 20, 30]);
  });

  it('keeps the best', () => {
    expect(surplusCheckpoints([10, 20, 30, 40], { limit: 2, newest: 40, best: 10 })).toEqual([20, 30]);
    expect(surplusCheckpoints([10, 20, 30], { limit: 1, newest: 30, best: 20 })).toEqual([10]);
    expect(surplusCheckpoints([10, 20, 30], { limit: 2, newest: 30, best: 30 })).toEqual([10]);
    expect(surplusCheckpoints([10, 20, 30], { limit: 1, newest: 30, best: 30 })).toEqual([10, 20]);
  });
});
