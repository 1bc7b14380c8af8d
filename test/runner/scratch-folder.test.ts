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

it('removes what a killed process left, and nothing of one that lives', async () => {
  const [dead, reused, alive] = ['999999999-0123456789ab-x', `${process.ppid}-0123456789ab-x`, `${markOf(process.ppid)}-x`].map((name) => join(parent, name));
  const copy = join(home, 'runs', 'branch-of-1abc-77');
  for (const folder of [dead, reused, alive, copy, join(home, 'runs', '1abc')]) mkdirSync(folder, { recursive: true });
  await withScratch(home, () => Promise.resolve());
  expect(readdirSync(parent).map((name) => join(parent, name))).toEqual([alive]);
  expect(readdirSync(join(home, 'runs'))).toEqual(['1abc']);
});
