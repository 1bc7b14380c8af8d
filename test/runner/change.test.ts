/** A live run is changed from another process; the change outlives it. */
import { readFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { change, kill } from '../../src/runner/client.js';
import { prepareResume } from '../../src/runner/resume.js';
import { Tiny } from './tiny.js';

const place = new Tiny();
afterAll(() => place.remove());

it('is kept with its step, and honoured by a resume', async () => {
  const id = place.create('train.max_steps=100000', 'train.lr_scheduler_type=constant');
  await place.start(id);
  await place.until(id, ({ step }) => step > 5);
  await change(place.home, id, { learning_rate: 5e-4, save_steps: 3 });
  await expect(change(place.home, id, { seed: 1 } as never)).rejects.toThrow('`seed` cannot change while it runs; learning_rate, max_steps');
  await expect(change(place.home, id, { learning_rate: -1 })).rejects.toThrow('`train.learning_rate` is -1: it must be a number above 0');
  await place.until(id, ({ config }) => config.train.learning_rate === 5e-4);
  const { step, details } = place.store.history(id).find(({ type }) => type === 'changed')!;
  expect(details).toMatchObject({ changes: { learning_rate: 5e-4, save_steps: 3 } });
  await place.until(id, (run) => run.checkpoints.some((each) => each.step > step! && each.step % 5 !== 0));
  expect(readFileSync(place.folder(id, 'experiment.yaml'), 'utf8')).toContain('learning_rate: 0.0005');
  await kill(place.home, id);

  const run = place.store.run(id);
  await prepareResume(place.store, place.home, { run, options: { config: run.config, from: null, branch: false } });
  await place.start(id);
  await place.until(id, (now) => now.state === 'running' && now.step > run.step + 3);
  await change(place.home, id, { max_steps: 1 }); // less than is done: it ends
  await place.until(id, ({ state }) => state === 'completed');
  const rates = place.store.metrics(id, ['learning_rate']);
  expect(rates.filter((point) => point.step > step!).every(({ value }) => value === 5e-4)).toBe(true);
  expect(rates.filter((point) => point.step <= step!).every(({ value }) => value === 3e-3)).toBe(true);
});
