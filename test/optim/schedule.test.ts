import { describe, expect, it } from 'vitest';
import { clipFactor } from '../../src/optim/norm.js';
import { afterEvaluation, firstPlateau } from '../../src/optim/plateau.js';
import { learningRateAt, warmupUpdates, type ScheduleConfig, type ScheduleOptions } from '../../src/optim/schedule.js';
import golden from './golden.json' with { type: 'json' };

type Type = ScheduleConfig['lr_scheduler_type'];

describe('learningRateAt', () => {
  for (const { type, warmup, total, peak, options, rates } of golden.schedules) {
    it(`follows get_scheduler('${type}', ${JSON.stringify(options)}) with ${warmup} of ${total} updates of warm-up`, () => {
      const config = { learning_rate: peak, lr_scheduler_type: type as Type, warmup_steps: warmup, warmup_ratio: 0, lr_scheduler_kwargs: options as Partial<ScheduleOptions> };
      rates.forEach((rate, update) => expect(Math.abs(learningRateAt(config, update, total) - rate)).toBeLessThan(1e-12 * peak));
    });
  }

  it('is at its peak where the warm-up is all there is', () => {
    const types: readonly Type[] = ['linear', 'cosine', 'cosine_with_restarts', 'cosine_with_min_lr', 'inverse_sqrt', 'constant', 'constant_with_warmup', 'polynomial'];
    for (const lr_scheduler_type of types) expect(learningRateAt({ learning_rate: 1, lr_scheduler_type, warmup_steps: 5, warmup_ratio: 0 }, 5, 5), lr_scheduler_type).toBe(1);
  });

  it('has defaults where Transformers asks for an option: a tenth of the peak, and a fifth of the updates to fall in', () => {
    const at = (lr_scheduler_type: Type, update: number) => learningRateAt({ learning_rate: 1, lr_scheduler_type, warmup_steps: 0, warmup_ratio: 0 }, update, 20);
    expect(at('cosine_with_min_lr', 20)).toBeCloseTo(0.1, 12);
    expect([15, 16, 18, 20].map((update) => at('warmup_stable_decay', update))).toEqual([1, 1, 0.5, 0]);
  });
});

describe('a rate that goes by evaluations', () => {
  it.each(golden.plateaus)('falls as ReduceLROnPlateau does: $options', ({ values, peak, mode, options, rates }) => {
    let state = firstPlateau;
    values.forEach((value, i) => {
      state = afterEvaluation(state, value ?? NaN, { options, peak, metric: 'eval_loss', moreIsBetter: mode === 'max' });
      expect(Math.abs(peak * state.factor - rates[i]), `evaluation ${i}`).toBeLessThan(1e-12 * peak);
    });
  });
});

it('a best of another metric is none to a rate that goes by evaluations', () => {
  const options = { patience: 0, factor: 0.5 };
  const after = afterEvaluation(firstPlateau, 2.3, { options, peak: 1, metric: 'eval_loss', moreIsBetter: false });
  const accuracy = { options, peak: 1, metric: 'accuracy', moreIsBetter: true };
  const changed = afterEvaluation(after, 0.5, accuracy);
  expect(changed).toMatchObject({ best: 0.5, bad: 0, factor: 1 });
  expect(afterEvaluation(changed, 0.4, accuracy)).toMatchObject({ best: 0.5, factor: 0.5 });
});

describe('warmupUpdates', () => {
  const config = { learning_rate: 1, lr_scheduler_type: 'linear', warmup_steps: 0, warmup_ratio: 0.03 } as const;
  it('rounds a share up, as TrainingArguments does', () => expect(warmupUpdates(config, 110)).toBe(4));
  it('lets a number of steps go before a share', () => expect(warmupUpdates({ ...config, warmup_steps: 7 }, 110)).toBe(7));
  it.each(['constant', 'reduce_lr_on_plateau'] as const)('is none for %s', (lr_scheduler_type) => expect(warmupUpdates({ ...config, lr_scheduler_type }, 110)).toBe(0));
});

describe('clipFactor', () => {
  it('never enlarges a gradient', () => expect(clipFactor(0.5, 1)).toBe(1));
  it('never clips at 0', () => expect(clipFactor(1e6, 0)).toBe(1));
});
