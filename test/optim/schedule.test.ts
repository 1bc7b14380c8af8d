import { describe, expect, it } from 'vitest';
import { clipFactor } from '../../src/optim/norm.js';
import { learningRateAt, warmupUpdates, type ScheduleConfig } from '../../src/optim/schedule.js';
import golden from './golden.json' with { type: 'json' };

const types: readonly ScheduleConfig['lr_scheduler_type'][] = ['linear', 'cosine', 'constant', 'constant_with_warmup', 'polynomial'];

describe('learningRateAt', () => {
  for (const { type, warmup, total, peak, rates } of golden.schedules) {
    it(`follows get_scheduler('${type}') with ${warmup} of ${total} updates of warm-up`, () => {
      const config = { learning_rate: peak, lr_scheduler_type: types.find((known) => known === type)!, warmup_steps: warmup, warmup_ratio: 0 };
      rates.forEach((rate, update) => expect(Math.abs(learningRateAt(config, update, total) - rate)).toBeLessThan(1e-12 * peak));
    });
  }

  it('is defined where the warm-up is all there is', () => {
    for (const lr_scheduler_type of types) {
      const rate = learningRateAt({ learning_rate: 1, lr_scheduler_type, warmup_steps: 5, warmup_ratio: 0 }, 5, 5);
      expect(rate).toBe(1);
    }
  });
});

describe('warmupUpdates', () => {
  const config = { learning_rate: 1, lr_scheduler_type: 'linear', warmup_steps: 0, warmup_ratio: 0.03 } as const;
  it('rounds a share up, as TrainingArguments does', () => expect(warmupUpdates(config, 110)).toBe(4));
  it('lets a number of steps go before a share', () => expect(warmupUpdates({ ...config, warmup_steps: 7 }, 110)).toBe(7));
  it('is none for a constant rate', () => expect(warmupUpdates({ ...config, lr_scheduler_type: 'constant' }, 110)).toBe(0));
});

describe('clipFactor', () => {
  it('never enlarges a gradient', () => expect(clipFactor(0.5, 1)).toBe(1));
  it('never clips at 0', () => expect(clipFactor(1e6, 0)).toBe(1));
});
