import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { markOf } from '../../src/runner/identity.js';
import { withScratch } from '../../src/runner/scratch-folder.js';

const home = mkdtempSync(join(tmpdir(), 'workbench-scratch-'));
const parent = join(home, 'scratch');
afterAll(() => rmSync(home, { recursive: true }));

it('gives a folder that is gone afterwards, whether it went well or not', async () => {
  const used = await withScratch(home, (folder) => {
    writeFileSync(join(folder, 'weights'), 'x');
    return Promise.resolve(folder);
  });
  expect(existsSync(used)).toBe(false);
  await expect(withScratch(home, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(readdirSync(parent)).toEqual([]);
});

it('removes what a killed process left, and nothing of one that lives, here or on another host', async () => {
  const living = markOf(process.ppid);
  const [host, pid] = living.split('-');
  const kept = [`${living}-x`, `0123456789ab-${pid}-0123456789ab-x`, '0123456789ab-999999999-0123456789ab-x'];
  const ended = [`${host}-999999999-0123456789ab-x`, `${host}-${pid}-0123456789ab-x`];
  for (const name of [...kept, ...ended]) mkdirSync(join(parent, name), { recursive: true });
  await withScratch(home, () => Promise.resolve());
  expect(readdirSync(parent).sort()).toEqual(kept.sort());
});
