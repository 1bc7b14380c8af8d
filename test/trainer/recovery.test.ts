/** Updates that cannot be made: a loss that is not a number, a spike, memory that runs out. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { prepareDataset } from '../../src/data/dataset.js';
import { loadTokenizer } from '../../src/data/tokenizer/index.js';
import { OutOfMemory, TornUpdate } from '../../src/engine/contract.js';
import { readModel } from '../../src/models/registry.js';
import { trainingLoader } from '../../src/trainer/estimate.js';
import type { Refusal } from '../../src/trainer/events.js';
import { adapterOf, experimentOf, faulty, home, losses, run, type Run } from './support.js';

const warnings = ({ events }: Run): string[] => events.flatMap((event) => (event.type === 'warning' && event.refusal ? [event.message] : []));
const refusals = ({ events }: Run): Refusal[] => events.flatMap((event) => (event.type === 'warning' && event.refusal ? [event.refusal] : []));

describe('a loss that is not a number', () => {
  const nanAt = (...calls: number[]) => faulty((_, call) => (calls.includes(call) ? NaN : null));

  it('is left out: the weights before it are kept, and the run goes on', async () => {
    const plain = { gradient_accumulation_steps: 1, lr_scheduler_type: 'constant', eval_steps: 0 };
    const done = await run(experimentOf({ train: { ...plain, on_non_finite: 'skip' } }), { chooseEngine: nanAt(3) });
    expect(done.events.at(-1)).toMatchObject({ type: 'completed', step: 6 });
    expect(done.events.filter((event) => event.type === 'step').map(({ step }) => step)).toEqual([1, 2, 4, 5, 6]);
    expect(warnings(done)).toEqual([expect.stringMatching(/^At update 3 the loss is NaN.* left out\.$/)]);
    expect(losses(done).every(Number.isFinite)).toBe(true);
  });

  it('halves the rate where that is the policy, also of what was scheduled', async () => {
    const done = await run(experimentOf({ train: { gradient_accumulation_steps: 1, lr_scheduler_type: 'constant', on_non_finite: 'lower_rate', eval_steps: 0 } }), { chooseEngine: nanAt(2, 4) });
    expect(done.events.flatMap((event) => (event.type === 'step' ? [[event.step, event.learning_rate]] : []))).toEqual([[1, 3e-3], [3, 1.5e-3], [5, 7.5e-4], [6, 7.5e-4]]);
    expect(refusals(done)).toMatchObject([{ update: 2 }, { update: 4 }]);
    expect(done.events.at(-1)).toMatchObject({ type: 'completed' });
  });

  it('names the rows of the micro-batch it was in, and where they stand in the data', async () => {
    const experiment = experimentOf({ train: { on_non_finite: 'skip', max_steps: 3 } });
    const done = await run(experiment, { chooseEngine: nanAt(4) }); // the second micro-batch of the second update
    const [refusal] = refusals(done);
    expect(refusal).toMatchObject({ update: 2, limit: null, grad_norm: null });
    expect(refusal.rows).toHaveLength(4);
    const tokenizer = await loadTokenizer(experiment.model);
    const { train } = await prepareDataset(experiment, tokenizer, { cacheFolder: join(home, 'cache', 'tokens') });
    const loader = trainingLoader(experiment, train, { model: readModel(experiment.model), padId: 0 });
    loader.next();
    expect(refusal.rows.map(({ row }) => row - 1)).toEqual(loader.next().microBatches[1].rows);
    for (const { row, file, line } of refusal.rows) {
      const { text } = JSON.parse(readFileSync(file, 'utf8').split('\n')[line - 1]) as { text: string };
      expect(tokenizer.decode(train.tokens(row - 1))).toContain(text.slice(0, 12));
    }
    expect(done.log.find((line) => line.startsWith('At update 2'))).toMatch(/its 4 rows: row \d+ \(\S+:\d+\), .*, .*, /);
  });

  it('in the gradient alone is caught too', async () => {
    const done = await run(experimentOf({ train: { on_non_finite: 'skip', max_steps: 2 } }), { chooseEngine: faulty(() => null, (call) => (call === 1 ? Infinity : null)) });
    expect(refusals(done)).toMatchObject([{ update: 1, limit: null, grad_norm: Infinity }]);
    expect(refusals(done)[0].rows).toHaveLength(8);
  });

  it('ends the run when it is all there is', async () => {
    const done = await run(experimentOf({ train: { on_non_finite: 'skip', max_steps: 20 } }), { chooseEngine: faulty(() => NaN) });
    expect(done.events.at(-1)).toMatchObject({ type: 'failed', user: true, reason: expect.stringMatching(/^At update 6 .*row \d+ \(\S+:\d+\).*workbench data \S+experiment.yaml --row \d+ \d+ \d+\)/) as string, refusal: { update: 6 } });
  });
});

describe('a spike', () => {
  const guarded = { gradient_accumulation_steps: 1, lr_scheduler_type: 'constant', eval_steps: 0, logging_steps: 1, max_steps: 8, spike_guard: 3, spike_window: 4, save_steps: 1, save_total_limit: null };
  /** Far above all others at these micro-steps. */
  const spikes = (...calls: number[]) => faulty((_, call) => (calls.includes(call) ? 1000 : null));

  it('is left out: told with what was allowed and its rows, and never in the mean', async () => {
    const done = await run(experimentOf({ train: { ...guarded, on_non_finite: 'skip' } }), { chooseEngine: spikes(4, 5) });
    const kept = losses(done);
    const limit = (3 * (kept[0] + kept[1] + kept[2])) / 3;
    expect(refusals(done)).toMatchObject([{ update: 4, loss: 1000 }, { update: 5, loss: 1000 }]);
    for (const refusal of refusals(done)) expect(refusal.limit).toBeCloseTo(limit, 10);
    expect(kept).toHaveLength(6);
    expect(warnings(done)[0]).toMatch(/^At update 4 the loss is 1000, a spike: more than \d+\.\d+ was not expected; the weights before it are kept. It had row \d+ .*This update is left out\.$/);
  });

  it('stops the run by the default policy, and is not looked for without a guard', async () => {
    const stopped = await run(experimentOf({ train: guarded }), { chooseEngine: spikes(4) });
    expect(stopped.events.at(-1)).toMatchObject({ type: 'failed', user: true, refusal: { update: 4 } });
    const free = await run(experimentOf({ train: { ...guarded, spike_guard: 0 } }), { chooseEngine: spikes(4) });
    expect(free.events.at(-1)).toMatchObject({ type: 'completed' });
  });

  it('is met by a resumed run as by the whole one: the same bits, whichever checkpoint it goes on from', async () => {
    const experiment = experimentOf({ train: { ...guarded, on_non_finite: 'lower_rate' } });
    /** The fault is in the data then: it comes with the rows, not with the call. */
    const at = (from: number) => spikes(...[4, 5].map((call) => call - from));
    const whole = await run(experiment, { chooseEngine: at(0) });
    expect(refusals(whole)).toHaveLength(2);
    for (const from of [2, 3, 4, 6]) {
      const resumed = await run(experiment, { resumeFrom: [join(whole.folder, 'checkpoints', `step-${from}`)], chooseEngine: at(from) });
      expect(adapterOf(resumed), `from ${from}`).toEqual(adapterOf(whole));
      expect(refusals(resumed)).toEqual(refusals(whole).filter(({ update }) => update > from));
    }
  });
});

describe('memory that runs out', () => {
  /** From the second micro-batch on, so that there is something summed to forget. */
  const upTo = (most: number) => faulty((rows, call) => {
    if (rows > most && call > 1) throw new OutOfMemory(`${rows} rows`);
    return null;
  });
  const plain = { lora: { lora_dropout: 0 } };

  describe('between updates', () => {
    const between = (most: number) => faulty(() => null, undefined, (fn, rows) => {
      if (fn === 'forward' || (fn === 'evaluate' && rows > most)) throw new OutOfMemory(`${rows} rows`);
    });
    const evaluations = ({ events }: Run): number[] => events.flatMap((event) => (event.type === 'eval' ? [event.eval_loss] : []));
    const wanted = { ...plain, sample: { prompts: ['a film'], max_new_tokens: 2 }, train: { max_steps: 2, eval_steps: 1 } };

    it('is met by smaller batches in evaluation, with the same losses, and costs the samples: the micro-batches stay', async () => {
      const [whole, parts] = [await run(experimentOf(wanted)), await run(experimentOf(wanted), { chooseEngine: between(2) })];
      expect(parts.events.flatMap((event) => (event.type === 'changed' ? [event.changes] : []))).toEqual([{ per_device_eval_batch_size: 4 }, { per_device_eval_batch_size: 2 }]);
      expect(parts.events.filter(({ type }) => type === 'sample')).toEqual([]);
      expect(parts.events.at(-1)).toMatchObject({ type: 'completed', step: 2 });
      expect(losses(parts)).toEqual(losses(whole));
      expect(evaluations(parts)).toHaveLength(evaluations(whole).length);
      evaluations(parts).forEach((loss, i) => expect(Math.abs(loss - evaluations(whole)[i])).toBeLessThan(1e-5));
    });

    it('costs the evaluation when one row is too much, and ends a run without the policy with what to lower', async () => {
      const done = await run(experimentOf(wanted), { chooseEngine: between(0) });
      expect([evaluations(done), done.events.at(-1)]).toMatchObject([[], { type: 'completed', step: 2 }]);
      const strict = await run(experimentOf({ ...wanted, train: { ...wanted.train, auto_find_batch_size: false } }), { chooseEngine: between(2) });
      expect(strict.events.at(-1)).toMatchObject({ type: 'failed', user: true, reason: expect.stringMatching(/^Memory ran out in the evaluation at step \d: lower train\.per_device_eval_batch_size \(it is 8\)/) as string });
      expect(strict.events.at(-1)).not.toHaveProperty('out_of_memory');
    });
  });

  it('is met by smaller micro-batches: the same updates, the same losses to rounding', async () => {
    const [whole, parts] = [await run(experimentOf(plain)), await run(experimentOf(plain), { chooseEngine: upTo(2) })];
    expect(parts.events.filter(({ type }) => type === 'changed').map((event) => (event.type === 'changed' ? event.changes : null))).toEqual([
      { per_device_train_batch_size: 2, gradient_accumulation_steps: 4 },
    ]);
    expect(losses(parts)).toHaveLength(6);
    losses(parts).forEach((loss, i) => expect(Math.abs(loss - losses(whole)[i])).toBeLessThan(1e-4));
  });

  it('half-way through an update ends the run: nothing is tried again or saved of such weights', async () => {
    let updates = 0;
    const torn = faulty(() => null, undefined, (fn) => {
      if (fn === 'update' && ++updates === 3) throw new TornUpdate('running update failed half-way', { cause: new OutOfMemory('a slab') });
    });
    const done = await run(experimentOf({ ...plain, train: { save_steps: 1, save_total_limit: null } }), { chooseEngine: torn });
    expect(done.events.at(-1)).toMatchObject({ type: 'failed', user: true, out_of_memory: true });
    expect(updates).toBe(3);
    expect(readdirSync(join(done.folder, 'checkpoints')).sort()).toEqual(['step-1', 'step-2']);
    expect(existsSync(join(done.folder, 'adapter'))).toBe(false);
  });

  it.each([[0, {}], [1, {}], [2, { auto_find_batch_size: false }]])('ends the run when %i rows fit and nothing smaller may be tried, or one try was not enough for this process', async (most, train) => {
    const done = await run(experimentOf({ ...plain, train: { padding_free: false, ...train } }), { chooseEngine: upTo(most) });
    expect(done.events.at(-1)).toMatchObject({ type: 'failed', user: true, out_of_memory: true, reason: expect.stringMatching(/^Out of memory, .* were measured and .* estimated: halve/) as string });
  });
});
