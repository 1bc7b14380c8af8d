/** A store that is damaged: kept aside, and made anew from what is left, by the next command. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { mendStore } from '../../src/runner/mend.js';
import { keepUp, startUpkeep } from '../../src/runner/upkeep.js';
import { DamagedStore, openStore } from '../../src/store/store.js';
import { Tiny } from './tiny.js';

const place = new Tiny();
/** The home with its run, as each test finds it. */
const trained = `${place.home}-trained`;
let id: string;
beforeAll(async () => {
  id = place.create('train.max_steps=3', 'train.save_steps=1');
  await place.run(id);
  place.store.close();
  cpSync(place.home, trained, { recursive: true });
}, 180_000);
beforeEach(() => {
  place.store.close();
  rmSync(place.home, { recursive: true });
  cpSync(trained, place.home, { recursive: true });
  place.reopen();
});
afterAll(async () => {
  await place.remove();
  rmSync(trained, { recursive: true });
});

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
  await place.store.backUpDaily();
  await place.store.backUpDaily(); // one a day
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

it('leaves a run that was queued again in its place in line', async () => {
  const first = place.create();
  place.store.enqueue(first);
  expect(place.store.requeue(id, place.store.run(id).config)).toBe(true);
  place.store.enqueue(id);
  await place.store.backUpDaily();
  damage();
  expect(await mendStore(place.home)).toContain('.backup took its place');
  place.reopen();
  expect(place.store.queue()).toEqual([first, id]);
  expect(place.store.run(id)).toMatchObject({ state: 'queued', reason: null, ended_at: null, step: 3 });
});

it('a large store opens at once; a process aside looks at the whole of it, and the next command mends what that finds', async () => {
  const path = join(place.home, 'workbench.db');
  place.store.close();
  const db = new Database(path);
  db.exec(`INSERT OR IGNORE INTO metric_keys (name) VALUES ('wide');
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600000)
    INSERT INTO metrics (run, key, step, seq, time, value) SELECT 1, (SELECT key FROM metric_keys WHERE name = 'wide'), i, i, 1e12 + i, i / 7.0 FROM n`);
  db.close();
  expect(statSync(path).size).toBeGreaterThan(16 << 20);
  rmSync(`${path}.checked`);
  openStore(place.home).close();
  expect(existsSync(`${path}.checked`)).toBe(false);

  expect(await keepUp(place.home)).toBe('the store is sound');
  expect(readdirSync(place.home).filter((file) => file.endsWith('.backup'))).toHaveLength(1);
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0xa5, bytes.length >> 1, (bytes.length >> 1) + 8192));
  rmSync(`${path}.checked`);
  place.reopen(); // nothing that a command reads is damaged
  expect(place.store.run(id).state).toBe('completed');
  place.store.close();

  startUpkeep(place.home, new URL('../../dist/runner/upkeep-process.js', import.meta.url));
  await expect.poll(() => existsSync(`${path}.checked`) && readFileSync(`${path}.checked`, 'utf8'), { timeout: 90_000 }).toMatch(/./);
  expect(() => openStore(place.home)).toThrow(DamagedStore);
  expect(await mendStore(place.home)).toMatch(/the backup workbench\.db\.daily-.* took its place, and 1 runs were brought up to date/);
  place.reopen();
  expect(place.store.metrics(id, ['wide'])).toHaveLength(600_000);
});
