/** Rows that a process of its own tokenises: what it leaves in the cache, and what is told of its troubles. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Experiment } from '../../src/config/schema.js';
import { tokeniseApart } from '../../src/runner/tokenise.js';
import { UserError } from '../../src/util/errors.js';
import { experimentOf } from '../trainer/support.js';
import { repository } from '../cli/workbench.js';

const entry = new URL(`file://${join(repository, 'dist', 'runner', 'tokenise-process.js')}`);
const home = mkdtempSync(join(tmpdir(), 'workbench-tokenise-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const tokenised = (experiment: Experiment): Promise<number> => tokeniseApart({ home, runFolder: join(home, 'run'), experiment }, () => undefined, entry);
const textsIn = (name: string, lines: readonly string[]): Experiment => {
  const path = join(home, name);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  return experimentOf({ dataset: { path, format: 'text' } });
};

it('leaves the rows in the cache, and says what memory it took', async () => {
  expect(await tokenised(textsIn('rows.jsonl', ['{"text": "a row of a few words"}']))).toBeGreaterThan(1 << 24);
  expect(readdirSync(join(home, 'cache', 'tokens'))).toEqual([expect.stringMatching(/^[0-9a-f]{32}\.tokens$/)]);
});

it('tells the fault of the data as tokenising here would', async () => {
  const failed = tokenised(textsIn('broken.jsonl', ['{"text": ']));
  await expect(failed).rejects.toBeInstanceOf(UserError);
  await expect(failed).rejects.toThrow(/broken\.jsonl:1 is not valid JSON/);
});

it('does not take a fault of its own for a want of memory', async () => {
  const module = join(home, 'exit.mjs');
  writeFileSync(module, "process.once('message', () => process.exit(3));");
  const ended = tokeniseApart({ home, runFolder: home, experiment: {} }, () => undefined, new URL(`file://${module}`));
  await expect(ended).rejects.not.toBeInstanceOf(UserError);
  await expect(ended).rejects.toThrow(/ended with exit code 3 and without a word/);
});

it('says so in a sentence when the process is killed', async () => {
  const module = join(home, 'kill.mjs');
  writeFileSync(module, "process.once('message', () => process.kill(process.pid, 'SIGKILL'));");
  const killed = tokeniseApart({ home, runFolder: home, experiment: {} }, () => undefined, new URL(`file://${module}`));
  await expect(killed).rejects.toThrow(/^The process that tokenises ended with SIGKILL: it was killed, by hand or for want of memory/);
});
