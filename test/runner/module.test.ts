/** Which module a run goes on with. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { withValues } from '../../src/config/keys.js';
import { moduleHash } from '../../src/config/module.js';
import { parseExperiment } from '../../src/config/parse.js';
import type { Experiment } from '../../src/config/schema.js';
import { checkModule, withModuleOf } from '../../src/runner/module.js';

let folder: string;
let own: string;
let kept: string;
let experiment: Experiment;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'workbench-module-'));
  [own, kept] = [join(folder, 'recipe.ts'), join(folder, 'module.ts')];
  for (const file of [own, kept]) writeFileSync(file, 'export default {};\n');
  experiment = parseExperiment({ model: 'm', dataset: { path: 'd' }, recipe: { path: own, sha256: moduleHash(own) } });
});
afterEach(() => rmSync(folder, { recursive: true }));

it('is the one it began with, or its copy where that is gone', () => {
  checkModule(folder, experiment);
  rmSync(own);
  checkModule(folder, experiment);
  expect(withModuleOf(folder, experiment).recipe.path).toBe(kept);
});

it('is the copy, when asked for, where the other has changed', () => {
  writeFileSync(own, 'export default { filter: () => true };\n');
  expect(() => checkModule(folder, experiment)).toThrow(`${own} has changed since the run began, and would read other rows: start a new run with it; to go on with what it was, add --set recipe.path=${kept}`);
  checkModule(folder, withValues(experiment, { 'recipe.path': kept }));
});

it('is no other', () => {
  writeFileSync(kept, 'export default { filter: () => true };\n');
  expect(() => checkModule(folder, experiment)).toThrow(`${kept} is the module that the run began with, and has been changed`);
  rmSync(kept);
  rmSync(own);
  expect(() => checkModule(folder, experiment)).toThrow(`${own}, the module that the run reads its rows by, is gone, and so is the copy in ${folder}`);
});
