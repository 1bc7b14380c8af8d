import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { withScratch } from '../../src/cli/scratch.js';
import { markOf } from '../../src/runner/identity.js';

const parent = join(mkdtempSync(join(tmpdir(), 'workbench-scratch-')), 'scratch');
afterAll(() => rmSync(join(parent, '..'), { recursive: true }));

it('gives a folder that is gone afterwards, whether it went well or not', async () => {
  const used = await withScratch(parent, (folder) => {
    writeFileSync(join(folder, 'weights'), 'x');
    return Promise.resolve(folder);
  });
  expect(existsSync(used)).toBe(false);
  await expect(withScratch(parent, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(readdirSync(parent)).toEqual([]);
});

it('removes what a killed process left, and nothing of one that lives', async () => {
  const [dead, reused, alive] = ['999999999-0123456789ab-x', `${process.ppid}-0123456789ab-x`, `${markOf(process.ppid)}-x`].map((name) => join(parent, name));
  for (const folder of [dead, reused, alive]) mkdirSync(folder, { recursive: true });
  await withScratch(parent, () => Promise.resolve());
  expect(readdirSync(parent).map((name) => join(parent, name))).toEqual([alive]);
});
