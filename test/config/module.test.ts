/** Experiments as modules: what is read, and what is said of one that cannot be. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readAnyExperiment } from '../../src/config/file.js';
import { functionsOf, isModule, loadModule, moduleHash } from '../../src/config/module.js';
import { withValues } from '../../src/config/keys.js';
import { UserError } from '../../src/util/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'workbench-module-'));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
function written(text: string, ending = 'ts'): string {
  const path = join(folder, `experiment-${++count}.${ending}`);
  writeFileSync(path, text);
  return path;
}

const plain = `model: './model', dataset: { path: './rows.jsonl', format: 'text' }`;

describe('a module', () => {
  const typed = `import { defineExperiment, type Row } from 'workbench';
import { strictEqual } from "node:assert";
const words: readonly string[] = ['plt'];
export default defineExperiment({
  ${plain}, max_length: 64,
  filter: (row: Row): boolean => { strictEqual(1, 1); return words.includes(row.word as string); },
});
`;

  it('is an experiment with functions: paths from its folder, its place and its hash in it', async () => {
    const path = written(typed);
    const experiment = await readAnyExperiment(path, { set: ['train.seed=7'], name: 'mine' });
    expect(experiment).toMatchObject({ name: 'mine', model: join(folder, 'model'), max_length: 64, dataset: { path: join(folder, 'rows.jsonl') }, train: { seed: 7 }, recipe: { path, sha256: moduleHash(path) } });
    expect(structuredClone(experiment)).toEqual(experiment);
    const { functions } = await functionsOf(experiment.recipe);
    expect(functions.filter?.({ word: 'plt' })).toBe(true);
    expect(functions.filter?.({ word: 'x' })).toBe(false);
  });

  it.each(['js', 'mjs', 'mts'])('may end in .%s', async (ending) => {
    const path = written(`export default { ${plain}, weight: (row) => row.w };`, ending);
    expect(isModule(path)).toBe(true);
    expect((await loadModule(path)).functions.weight?.({ w: 2 })).toBe(2);
  });

  it('may be named by a file, whose keys then count', async () => {
    const recipe = written(`export default { ${plain}, weight: () => 3 };`, 'mjs');
    const yaml = written(`model: ./other\ndataset: { path: d }\nrecipe: { path: ${recipe} }\n`, 'yaml');
    expect(await readAnyExperiment(yaml)).toMatchObject({ model: join(folder, 'other'), recipe: { path: recipe, sha256: moduleHash(recipe) } });
  });

  it('that has changed, or lies elsewhere as it was, is told by its hash', async () => {
    const path = written(`export default { ${plain}, weight: () => 3 };`);
    const experiment = await readAnyExperiment(path);
    writeFileSync(join(folder, 'module.ts'), `export default { ${plain}, weight: () => 3 };`);
    writeFileSync(path, `export default { ${plain}, weight: () => 4 };`);
    await expect(functionsOf(experiment.recipe)).rejects.toThrow(/has changed since this experiment was made/);
    expect((await functionsOf(experiment.recipe, folder)).functions.weight?.({})).toBe(3);
    expect((await functionsOf(withValues(experiment, { 'recipe.sha256': null }).recipe)).functions.weight?.({})).toBe(4);
  });

  it.each([
    ['const x = 1;', /exports no experiment: write export default/],
    ['export default [];', /exports no experiment/],
    [`export default { ${plain}, weight: 3 };`, /`weight` must be a function/],
    [`\nconst a: = 1;\nexport default { ${plain} };`, /\.ts, line 2: Unexpected token/],
    [`\n\nenum A { B }\nexport default { ${plain} };`, /\.ts, line 3: TypeScript enum is not supported/],
    [`import x from './helper.ts';\nexport default { ${plain} };`, /imports ".\/helper.ts": a module of an experiment is one file/],
    [`import x from 'lodash';\nexport default { ${plain} };`, /imports "lodash"/],
    [`throw new Error('no luck');\nexport default { ${plain} };`, /no luck/],
    [`export default { ${plain}, max_lenght: 3 };`, /there is no key `max_lenght`: did you mean `max_length`/],
    [`export default { ${plain}, train: { seed: () => 3 } };`, /plain data but for filter, prompt, weight, tokenWeights/],
    [`export default { ${plain}, recipe: {} };`, /`recipe` is the module itself/],
  ])('that is none is refused with a sentence: %j', async (text, sentence) => {
    const refused = readAnyExperiment(written(text));
    await expect(refused).rejects.toThrow(sentence);
    await expect(refused).rejects.toThrow(UserError);
  });

  it('that is not there is named', async () => {
    await expect(readAnyExperiment(join(folder, 'none.ts'))).rejects.toThrow(/none\.ts: cannot read the module/);
  });
});
