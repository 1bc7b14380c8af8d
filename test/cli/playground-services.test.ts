import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { voicesOf } from '../../src/cli/screen/playground-services.js';
import { parseExperiment } from '../../src/config/parse.js';

it('offers the base, what was saved and is still there, and the result; no base that was random', () => {
  const folder = mkdtempSync(join(tmpdir(), 'workbench-test-'));
  const [model, step, output] = ['base', 'step-4', 'model'].map((name) => join(folder, name));
  for (const path of [model, step, output]) mkdirSync(path);
  const checkpoints = [{ step: 2, path: join(folder, 'step-2'), valid: true }, { step: 4, path: step, valid: true }];
  const labels = (init: 'pretrained' | 'random') => voicesOf({ id: 'a1', name: 'a', state: 'completed', config: parseExperiment({ model, init, finetuning: 'full', dataset: { path: folder } }), checkpoints, output }).map(({ label }) => label);
  expect(labels('pretrained')).toEqual(['base', 'step 4', 'result']);
  expect(labels('random')).toEqual(['step 4', 'result']);
  rmSync(folder, { recursive: true });
});
