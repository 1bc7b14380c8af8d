/** The last that is left of a run: its mirror. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { adoptRun } from '../../src/runner/adopt.js';
import { prepareResume } from '../../src/runner/resume.js';
import { Tiny } from './tiny.js';

const [first, second] = [new Tiny(), new Tiny()];
afterAll(async () => {
  await first.remove();
  await second.remove();
});

it('goes on in a home that has never heard of the run, to the same bits', async () => {
  const place = join(first.home, 'drive');
  const cut = first.create('train.max_steps=10', `checkpoint_mirror=${place}`, 'train.lr_scheduler_type=constant', 'train.save_total_limit=1');
  expect(await first.run(cut)).toMatchObject({ state: 'completed' });
  expect(first.troubles(cut)).toEqual([]);
  expect(readdirSync(join(place, cut)).sort()).toEqual(['checkpoints', 'experiment.yaml', 'run.json', 'trainer_log.jsonl']);
  expect(readdirSync(join(place, cut, 'checkpoints'))).toEqual(readdirSync(first.folder(cut, 'checkpoints')));

  const found = await adoptRun(second.store, second.home, join(place, cut));
  expect(found).toMatchObject({ id: cut, name: 'tiny', state: 'crashed', config: { checkpoint_mirror: place }, checkpoints: [{ step: 10, valid: true }] });
  expect(second.losses(cut)).toEqual(first.losses(cut));
  expect((await adoptRun(second.store, second.home, join(place, cut))).id).toBe(cut); // once more: the one it knows
  await prepareResume(second.store, second.home, { run: found, options: { config: { ...found.config, train: { ...found.config.train, max_steps: 14 } }, from: null, branch: false } });
  expect(await second.run(cut)).toMatchObject({ state: 'completed', step: 14 });

  const straight = first.create('train.max_steps=14', 'train.lr_scheduler_type=constant');
  await first.run(straight);
  expect(readFileSync(second.folder(cut, 'adapter', 'adapter_model.safetensors'))).toEqual(readFileSync(first.folder(straight, 'adapter', 'adapter_model.safetensors')));
  expect(second.losses(cut)).toEqual(first.losses(straight));
});

it('that cannot be written is told, and the run ends well', async () => {
  const place = join(first.home, 'a file');
  writeFileSync(place, '');
  const id = first.create('train.max_steps=3', `checkpoint_mirror=${place}`);
  expect(await first.run(id)).toMatchObject({ state: 'completed' });
  expect(first.troubles(id)).toEqual([expect.stringMatching(/^The checkpoint at step 3 could not be copied to /)]);
});

it('a checkpoint that cannot be written is told, and the run ends well', async () => {
  const id = first.create('train.max_steps=3');
  mkdirSync(first.folder(id), { recursive: true });
  symlinkSync(join(first.home, 'a drive that is not there'), first.folder(id, 'checkpoints'));
  expect(await first.run(id)).toMatchObject({ state: 'completed', checkpoints: [] });
  expect(first.troubles(id)).toEqual([expect.stringMatching(/^The checkpoint at step 3 could not be written: /)]);
  expect(existsSync(first.folder(id, 'adapter', 'adapter_model.safetensors'))).toBe(true);
});
