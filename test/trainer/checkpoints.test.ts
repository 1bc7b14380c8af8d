/** Which checkpoints there are at the end of real runs, and that each of them goes on to the same bits. */
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeWhole } from '../../src/trainer/checkpoint/checkpoint.js';
import { Mirror } from '../../src/trainer/checkpoint/mirror.js';
import { adapterOf, demo, home, losses, run, experimentOf as demoExperiment, type Run } from './support.js';

/** Eight updates, four an epoch. */
const short = { per_device_train_batch_size: 3, gradient_accumulation_steps: 2, max_steps: 8, eval_steps: 0, lr_scheduler_type: 'constant' };
const experimentOf = ({ train }: { readonly train: Record<string, unknown> }) => demoExperiment({ train, max_length: 24, dataset: { path: join(demo, 'reviews', 'train.jsonl'), format: 'classification', max_samples: 28, val_size: 4 } });
const saved = ({ folder }: Run): string[] => readdirSync(join(folder, 'checkpoints')).sort();
const evaluated = ({ events }: Run): number[] => events.flatMap((event) => (event.type === 'eval' ? [event.step] : []));

async function goesOnFromEach(whole: Run, train: Record<string, unknown>): Promise<void> {
  for (const name of saved(whole)) {
    const resumed = await run(experimentOf({ train }), { resumeFrom: [join(whole.folder, 'checkpoints', name)] });
    expect(adapterOf(resumed), name).toEqual(adapterOf(whole));
    expect(losses(resumed), name).toEqual(losses(whole).slice(losses(whole).length - losses(resumed).length));
  }
}

describe('checkpoints that stay', () => {
  it.each([
    ['the last ones', { save_steps: 2, save_total_limit: 2 }, ['step-6', 'step-8']],
    ['a single one, written anew', { save_steps: 1, save_total_limit: 1, save_best: false }, ['step-8']],
    ['every third for good, and the last', { save_steps: 1, save_total_limit: 1, save_best: false, save_keep_every: 3 }, ['step-3', 'step-6', 'step-8']],
    ['one an epoch', { save_strategy: 'epoch', save_steps: 1, save_total_limit: null }, ['step-4', 'step-8']],
  ])('are %s, and each is a whole run to go on with', async (_, policy, names) => {
    const train = { ...short, logging_steps: 3, ...policy };
    const whole = await run(experimentOf({ train }));
    expect(saved(whole)).toEqual(names);
    await goesOnFromEach(whole, train);
  });

  it('are the best and the newest, whatever the limit; without the wish for the best only the newest', async () => {
    // The first update has a rate of 0; the others leave nothing of the model.
    const worse = { ...short, lr_scheduler_type: 'constant_with_warmup', warmup_steps: 8, learning_rate: 80, eval_steps: 1, save_steps: 1, save_total_limit: 1 };
    expect(saved(await run(experimentOf({ train: worse })))).toEqual(['step-1', 'step-8']);
    expect(saved(await run(experimentOf({ train: { ...worse, save_best: false } })))).toEqual(['step-8']);
  });

  it('count as before after a resume: the third of the run is kept, not the third of the process', async () => {
    const train = { ...short, save_steps: 1, save_total_limit: 1, save_best: false, save_keep_every: 3 };
    const first = await run(experimentOf({ train: { ...train, max_steps: 8 } }), { controls: (events) => (events.some((event) => event.type === 'step' && event.step === 2) ? ['stop'] : []) });
    expect(saved(first)).toEqual(['step-2']);
    const resumed = await run(experimentOf({ train }), { resumeFrom: [join(first.folder, 'checkpoints', 'step-2')] });
    expect(saved(resumed)).toEqual(['step-3', 'step-6', 'step-8']);
  });
});

it('what is being mirrored stays until the mirror has it, and stays there until it has the next', async () => {
  const { folder } = await run(experimentOf({ train: { ...short, max_steps: 4, save_steps: 2, save_total_limit: 2 } }));
  const [place, complaints] = [mkdtempSync(join(home, 'drive-')), [] as string[]];
  const mirror = new Mirror(place, folder, (sentence) => complaints.push(sentence));
  mirror.copy(2);
  await Promise.resolve();
  expect([2, 4].map((step) => mirror.takesOver(step))).toEqual([true, false]);
  await mirror.settled();
  const there = join(place, basename(folder), 'checkpoints');
  expect([complaints, readdirSync(join(folder, 'checkpoints')), readdirSync(there)]).toEqual([[], ['step-4'], ['step-2']]);
  mirror.copy(4);
  await mirror.settled();
  expect([complaints, readdirSync(there), mirror.takesOver(4)]).toEqual([[], ['step-4'], false]);
});

it('a write after a kill between the renames begins with the old folder in its place, and keeps it when it fails', async () => {
  const parent = mkdtempSync(join(home, 'whole-'));
  mkdirSync(join(parent, '.model.old'));
  writeFileSync(join(parent, '.model.old', 'kept'), 'all of it');
  mkdirSync(join(parent, '.model.tmp'));
  await expect(writeWhole(join(parent, 'model'), () => Promise.reject(new Error('full')))).rejects.toThrow('full');
  expect(readdirSync(parent)).toEqual(['model']);
  expect(readdirSync(join(parent, 'model'))).toEqual(['kept']);
});

it('evaluates at the end of every epoch where that is asked for', async () => {
  expect(evaluated(await run(experimentOf({ train: { ...short, eval_strategy: 'epoch', eval_steps: 3 } })))).toEqual([4, 8]);
});
