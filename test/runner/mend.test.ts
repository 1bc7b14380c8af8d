/** A store that is damaged: kept aside, and made anew from what is left, by the next command. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mendStore } from '../../src/runner/mend.js';
import { DamagedStore, openStore } from '../../src/store/store.js';
import { Tiny } from './tiny.js';

let place: Tiny;
let id: string;
beforeEach(async () => {
  place = new Tiny();
  id = place.create('train.max_steps=3', 'train.save_steps=1');
  await place.run(id);
});
afterEach(() => place.remove());

/** As a bad disk does it: in the middle of the file. */
function damage(): Buffer {
  const path = join(place.home, 'workbench.db');
  const bytes = readFileSync(path).fill(0xa5, 4096, 5 * 4096);
  place.store.close();
  for (const part of ['-wal', '-shm', '.checked']) rmSync(path + part, { force: true });
  writeFileSync(path, bytes);
  expect(() => openStore(place.home)).toThrow(DamagedStore);
  expect(readFileSync(path)).toEqual(bytes);
  return bytes;
}

it('comes back from the folders of the runs, with their curves, ends and checkpoints', async () => {
  const [before, losses] = [place.store.run(id), place.losses(id)];
  const bytes = damage();
  expect(await mendStore(place.home)).toMatch(/^the store was damaged and is kept as .*workbench\.db\.damaged-.*: there was no backup, .* 1 runs were made anew from their folders$/);
  place.reopen();
  const { state, reason, step, total_steps, train_loss, output, name, checkpoints } = before;
  expect(place.store.run(id)).toMatchObject({ state, reason, step, total_steps, train_loss, output, name, checkpoints });
  expect(place.losses(id)).toEqual(losses);
  const [kept] = readdirSync(place.home).filter((file) => file.includes('.damaged-'));
  expect(readFileSync(join(place.home, kept))).toEqual(bytes);
  expect(await mendStore(place.home)).toMatch(/another command has made it anew/);
});

it('comes back from the newest whole backup, brought up to date from the folders', async () => {
  place.store.tag(id, { add: ['dear'] });
  place.store.backUpDaily();
  place.store.backUpDaily(); // one a day
  const backups = readdirSync(place.home).filter((file) => file.endsWith('.backup'));
  expect(backups).toHaveLength(1);
  writeFileSync(join(place.home, 'workbench.db.daily-later.backup'), 'cut off');
  const later = place.create('train.max_steps=3');
  await place.run(later);
  damage();
  expect(await mendStore(place.home)).toContain(`the backup ${backups[0]} took its place, and 2 runs were brought up to date`);
  place.reopen();
  expect(place.store.runs()).toMatchObject([{ id: later, state: 'completed', step: 3 }, { id, state: 'completed', tags: ['dear'] }]);
});
