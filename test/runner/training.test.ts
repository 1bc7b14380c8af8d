/** The real thing through real processes: the tiny model that the repository ships learns by LoRA, is killed, and goes on. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { control } from '../../src/runner/client.js';
import { prepareResume } from '../../src/runner/resume.js';
import { Tiny } from './tiny.js';

const place = new Tiny();
afterAll(() => place.remove());

it('a run that is killed and goes on ends as one that was not, in one history', async () => {
  const steady = 'train.lr_scheduler_type=constant';
  const killed = place.create(steady, 'train.max_steps=100000');
  await place.start(killed);
  await place.until(killed, ({ checkpoints }) => checkpoints.length > 0);
  process.kill(place.store.processOf(killed)!.pid, 'SIGKILL');
  await place.until(killed, ({ state }) => state === 'crashed');
  const run = place.store.run(killed);
  const max_steps = run.step + 5;
  await prepareResume(place.store, place.home, { run, options: { config: { ...run.config, train: { ...run.config.train, max_steps } }, from: null, branch: false } });
  await place.start(killed);
  await place.until(killed, ({ state }) => state === 'completed');
  expect(place.store.run(killed).resumed_from).toMatch(/checkpoints\/step-\d+$/);

  const whole = await place.run(place.create(steady, `train.max_steps=${max_steps}`));
  expect(whole).toMatchObject({ state: 'completed', reason: null, step: max_steps });
  expect(existsSync(join(whole.output!, 'adapter_model.safetensors'))).toBe(true);
  expect(place.losses(killed)).toEqual(place.losses(whole.id));
});

it('a run that is stopped keeps what it learned', async () => {
  const id = place.create('train.max_steps=100000');
  await place.start(id);
  await place.until(id, ({ step }) => step > 2);
  await control(place.home, id, 'stop');
  await place.until(id, ({ state }) => state === 'stopped');
  const { output, checkpoints } = place.store.run(id);
  expect(existsSync(join(output!, 'adapter_model.safetensors'))).toBe(true);
  expect(checkpoints.length).toBeGreaterThan(0);
});
