/** The best evaluation, an early end and a rate that goes by evaluations: as Transformers counts them, and in whole runs on the demo. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OutOfMemory } from '../../src/engine/contract.js';
import { afterEvaluation, earlyEnd, firstWatch, isBetter, scoreOf } from '../../src/trainer/best.js';
import type { Control, EvalEvent, StepEvent } from '../../src/trainer/events.js';
import { formatNumber } from '../../src/util/format.js';
import golden from '../optim/golden.json' with { type: 'json' };
import { adapterOf, demo, experimentOf as demoExperiment, faulty, run, watched, type Run } from './support.js';

describe('an early end', () => {
  it.each(golden.early)('comes when EarlyStoppingCallback has it, with a patience of $patience and a threshold of $threshold', ({ values, patience, threshold, greater, counts, bests, ends }) => {
    const config = { metric_for_best_model: greater ? 'accuracy' : 'eval_loss', early_stopping_patience: patience, early_stopping_threshold: threshold } as const;
    let watch = firstWatch;
    values.forEach((value, i) => {
      watch = afterEvaluation(watch, scoreOf({ step: i, eval_loss: value, accuracy: value }, config), config);
      expect([watch.without_gain, watch.best?.value, earlyEnd(watch, config) !== null || ends[i - 1] === true]).toEqual([counts[i], bests[i], ends[i]]);
    });
  });

  it('takes a loss that is not a number for one without a gain, never for the best', () => {
    const config = { metric_for_best_model: 'eval_loss', early_stopping_patience: 2, early_stopping_threshold: 0 } as const;
    const watch = [NaN, 2, NaN, NaN].reduce((before, eval_loss, step) => afterEvaluation(before, scoreOf({ step, eval_loss, accuracy: null }, config), config), firstWatch);
    expect(watch).toEqual({ best: { step: 1, metric: 'eval_loss', value: 2 }, without_gain: 2 });
    expect(earlyEnd(watch, config)).toBe('ended early: eval_loss got no better in 2 evaluations; the best was 2.000 at update 1');
  });
});

it('a score is not compared with one of another metric', () => {
  expect(isBetter({ step: 2, metric: 'accuracy', value: 0.1 }, { step: 1, metric: 'eval_loss', value: 3 })).toBe(true);
  expect(isBetter({ step: 2, metric: 'accuracy', value: 0.1 }, { step: 1, metric: 'accuracy', value: 0.2 })).toBe(false);
});

/** The first two updates learn something, and those after them unlearn more. */
const rising = { per_device_train_batch_size: 3, gradient_accumulation_steps: 1, max_steps: 6, eval_steps: 2, save_steps: 5, save_total_limit: 1, lr_scheduler_type: 'constant_with_warmup', warmup_steps: 300, learning_rate: 60 };
const experimentOf = (train: Record<string, unknown>, val_size = 4) => demoExperiment({ train: { ...rising, ...train }, max_length: 24, dataset: { path: join(demo, 'reviews', 'train.jsonl'), format: 'classification', max_samples: 28, val_size } });
const evaluations = ({ events }: Run): EvalEvent[] => events.filter((event) => event.type === 'eval');
const bestOf = (run: Run): EvalEvent => evaluations(run).reduce((best, each) => (each.eval_loss < best.eval_loss ? each : best));
const savedAt = ({ folder }: Run, step: number): Buffer => readFileSync(join(folder, 'checkpoints', `step-${step}`, 'adapter_model.safetensors'));
const ratesOf = ({ events }: Run): number[] => events.filter((event): event is StepEvent => event.type === 'step').map(({ learning_rate }) => learning_rate);

describe('load_best_model_at_end', () => {
  it('gives the weights of the best evaluation, which has a checkpoint whatever save_steps', async () => {
    const whole = await run(experimentOf({ load_best_model_at_end: true }));
    const best = bestOf(whole);
    expect(best.step).toBe(2);
    expect(whole.events.at(-1)).toMatchObject({ type: 'completed', step: 6, best: { step: best.step, metric: 'eval_loss', value: best.eval_loss } });
    expect(readdirSync(join(whole.folder, 'checkpoints')).sort()).toEqual(['step-2', 'step-6']);
    expect(adapterOf(whole)).toEqual(savedAt(whole, best.step));
    expect(adapterOf(whole)).not.toEqual(savedAt(whole, 6));

    // The folder of a run that goes on elsewhere has no such checkpoint: the best from here on counts.
    const again = await run(experimentOf({ load_best_model_at_end: true, max_steps: 10 }), { resumeFrom: [join(whole.folder, 'checkpoints', 'step-6')] });
    expect(again.events.at(-1)).toMatchObject({ type: 'completed', step: 10 });
    expect(adapterOf(again)).toEqual(savedAt(again, bestOf(again).step));
    const told = again.events.flatMap((event) => (event.type === 'warning' && event.message.includes('has no checkpoint any more') ? [event.message] : []));
    expect(told).toEqual([`The best evaluation so far, with eval_loss ${formatNumber(best.eval_loss)} at update 2, has no checkpoint any more: the run will give the best weights of those that still have one.`]);
  });

  it('says so when the best weights are gone, and gives the last', async () => {
    const whole = await run(experimentOf({ load_best_model_at_end: true }), { controls: (events) => {
      const last = events.at(-1);
      const [best] = events.flatMap((event) => (event.type === 'checkpoint' ? [event.path] : []));
      if (last?.type === 'step' && last.step === 6 && existsSync(best)) rmSync(join(best, 'adapter_model.safetensors'), { force: true });
      return [];
    } });
    expect(whole.events.filter((event) => event.type === 'warning').map(({ message }) => message).join()).toContain('The best weights cannot be given');
    expect(adapterOf(whole)).toEqual(savedAt(whole, 6));
  });
});

describe('early_stopping_patience', () => {
  it('ends a run that gets no better, complete, with a reason; more patience lets it go on', async () => {
    // No evaluation is better by so much.
    const patient = { max_steps: 12, early_stopping_patience: 2, early_stopping_threshold: 100, load_best_model_at_end: true };
    const whole = await run(experimentOf(patient));
    const best = bestOf(whole);
    expect(whole.events.at(-1)).toMatchObject({ type: 'completed', step: 6, total_steps: 12, reason: `ended early: eval_loss got better by no more than 100 in 2 evaluations; the best was ${formatNumber(best.eval_loss)} at update 2` });
    expect(adapterOf(whole)).toEqual(savedAt(whole, best.step));

    const last = join(whole.folder, 'checkpoints', 'step-6');
    const same = await run(experimentOf(patient), { resumeFrom: [last] });
    expect([same.events.at(-1)?.type, evaluations(same).length]).toEqual(['completed', 0]);
    const free = await run(experimentOf({ ...patient, early_stopping_patience: null }), { resumeFrom: [last] });
    expect(free.events.at(-1)).toMatchObject({ type: 'completed', step: 12 });
  });

  it('decides the same after a resume', async () => {
    const patient = { max_steps: 12, early_stopping_patience: 2, early_stopping_threshold: 100, save_steps: 1, save_total_limit: null };
    const whole = await run(experimentOf(patient));
    const resumed = await run(experimentOf(patient), { resumeFrom: [join(whole.folder, 'checkpoints', 'step-5')] });
    expect(resumed.events.at(-1)).toMatchObject({ type: 'completed', step: 6 });
    expect(adapterOf(resumed)).toEqual(adapterOf(whole));
  });

  it('asks for rows to evaluate on', async () => {
    const refused = await run(experimentOf({ early_stopping_patience: 2, load_best_model_at_end: true }, 0));
    expect(refused.events.at(-1)).toMatchObject({ type: 'failed', user: true, reason: 'train.early_stopping_patience and train.load_best_model_at_end go by evaluations, and no rows are set apart for them: set dataset.val_size or dataset.eval.' });
  });
});

describe('an evaluation that a stop interrupts', () => {
  /** A run that is asked to stop in its n-th batch of evaluation rows. */
  const stoppedIn = (batch: number, train: Record<string, unknown>): Promise<Run> => {
    let calls = 0;
    return run(experimentOf({ per_device_eval_batch_size: 2, ...train }), {
      controls: () => (calls >= batch ? ['stop'] : []),
      chooseEngine: watched((executable) => (fn, feeds) => {
        if (fn === 'evaluate') calls++;
        return executable.run(fn, feeds);
      }),
    });
  };
  const resumed = (stopped: Run, train: Record<string, unknown>, step: number): Promise<Run> => run(experimentOf({ per_device_eval_batch_size: 2, ...train }), { resumeFrom: [join(stopped.folder, 'checkpoints', `step-${step}`)] });

  it('is made up by the run that goes on, and counts', async () => {
    const train = { max_steps: 12, early_stopping_patience: 2, early_stopping_threshold: 100, load_best_model_at_end: true };
    const whole = await run(experimentOf({ per_device_eval_batch_size: 2, ...train }));
    const stopped = await stoppedIn(1, train);
    expect([evaluations(stopped), stopped.events.at(-1)?.type]).toEqual([[], 'stopped']);
    const second = await resumed(stopped, train, 2);
    expect(evaluations(second).map(({ step, eval_loss }) => [step, eval_loss])).toEqual(evaluations(whole).map(({ step, eval_loss }) => [step, eval_loss]));
    expect(second.events.at(-1)).toMatchObject({ type: 'completed', step: 6, best: { step: 2 } });
    expect(adapterOf(second)).toEqual(adapterOf(whole));
  });

  it('is named where somebody asked for it', async () => {
    let calls = 0;
    const told = [['evaluate']] as Control[][];
    const stopped = await run(experimentOf({ per_device_eval_batch_size: 2, max_steps: 12, eval_steps: 12 }), {
      controls: () => (calls > 0 ? ['stop'] : (told.pop() ?? [])),
      chooseEngine: watched((executable) => (fn, feeds) => {
        if (fn === 'evaluate') calls++;
        return executable.run(fn, feeds);
      }),
    });
    expect(stopped.events.slice(-2)).toMatchObject([{ type: 'warning', message: 'The evaluation that was asked for is not done: the run was stopped first.' }, { type: 'stopped' }]);
  });

  it('leaves a run incomplete where it was the last one', async () => {
    const train = { max_steps: 4, load_best_model_at_end: true };
    const stopped = await stoppedIn(3, train);
    expect(stopped.events.at(-1)).toMatchObject({ type: 'stopped', step: 4 });
    const second = await resumed(stopped, train, 4);
    expect([evaluations(second).map(({ step }) => step), second.events.at(-1)?.type]).toEqual([[4], 'completed']);
  });
});

it('an evaluation that memory does not reach for is one without a gain', async () => {
  const options = { chooseEngine: faulty(() => null, () => null, (fn) => { if (fn === 'evaluate') throw new OutOfMemory('too much'); }) };
  const ended = await run(experimentOf({ early_stopping_patience: 2 }), options);
  expect(ended.events.at(-1)).toMatchObject({ type: 'completed', step: 4, reason: 'ended early: eval_loss got no better in 2 evaluations' });
});

it('reduce_lr_on_plateau lowers the rate from the update after an evaluation, and after a resume too', async () => {
  const train = { lr_scheduler_type: 'reduce_lr_on_plateau', warmup_steps: 0, learning_rate: 2, max_steps: 8, eval_steps: 1, save_steps: 1, save_total_limit: null, lr_scheduler_kwargs: { patience: 0, factor: 0.5 } };
  const whole = await run(experimentOf(train));
  const losses = evaluations(whole).map(({ eval_loss }) => eval_loss);
  const expected = losses.slice(0, -1).reduce<{ rates: number[]; best: number }>(({ rates, best }, loss) => {
    const better = loss < best * (1 - 1e-4);
    return { rates: [...rates, better ? rates.at(-1)! : rates.at(-1)! / 2], best: better ? loss : best };
  }, { rates: [2], best: Infinity });
  expect(ratesOf(whole)).toEqual(expected.rates);
  expect(ratesOf(whole).at(-1)).toBeLessThan(2);
  const resumed = await run(experimentOf(train), { resumeFrom: [join(whole.folder, 'checkpoints', 'step-5')] });
  expect(ratesOf(resumed)).toEqual(expected.rates.slice(5));
  expect(adapterOf(resumed)).toEqual(adapterOf(whole));
});

it.each([
  ['Adafactor', { optim: 'adafactor' }],
  ['label smoothing, NEFTune and LoRA+', { label_smoothing_factor: 0.1, neftune_noise_alpha: 5, loraplus_lr_ratio: 4 }],
  ['a schedule with restarts', { lr_scheduler_type: 'cosine_with_restarts', lr_scheduler_kwargs: { num_cycles: 2 }, warmup_steps: 0 }],
])('goes on after a resume to the same bits: %s', async (_, options) => {
  const experiment = experimentOf({ lr_scheduler_type: 'linear', warmup_steps: 0, learning_rate: 1e-2, max_steps: 4, eval_steps: 0, save_steps: 2, save_total_limit: null, ...options });
  const whole = await run(experiment);
  const resumed = await run(experiment, { resumeFrom: [join(whole.folder, 'checkpoints', 'step-2')] });
  expect([whole, resumed].map(({ events }) => events.at(-1)?.type)).toEqual(['completed', 'completed']);
  expect(adapterOf(resumed)).toEqual(adapterOf(whole));
});
