/** An experiment that is a module, by the commands: trained, looked at, gone on with on another machine. What a changed module costs: test/runner/module.test.ts. */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { repository, Workplace } from './workbench.js';

const place = new Workplace();
const elsewhere = new Workplace();
afterAll(() => [place, elsewhere].forEach((each) => each.remove()));

it('runs, keeps its module, and goes on with no other', async () => {
  const experiments = join(place.folder, 'experiments');
  cpSync(join(repository, 'experiments', 'demo'), join(experiments, 'demo'), { recursive: true });
  const recipe = join(experiments, 'recipe.ts');
  const text = readFileSync(join(repository, 'experiments', 'recipe.ts'), 'utf8');
  writeFileSync(recipe, text);
  const trained = await place.run('train', recipe, '--set', 'train.max_steps=1', '--set', 'dataset.max_samples=32', '--set', 'train.eval_steps=0');
  expect([trained.code, trained.stderr]).toEqual([0, '']);

  const [id] = readdirSync(join(place.home, 'runs'));
  const folder = join(place.home, 'runs', id);
  expect(readFileSync(join(folder, 'module.ts'), 'utf8')).toBe(text);
  writeFileSync(recipe, `${text}\n`);
  const [looked, refused] = await Promise.all([place.run('data', join(folder, 'experiment.yaml'), '--json'), place.run('resume', 'recipe', '--set', 'train.max_steps=2')]);
  expect(looked.stderr).toBe('');
  expect(JSON.parse(looked.stdout)).toMatchObject({ train_rows: 32, sets: [{ dropped: { filter: expect.any(Number) as number } }] });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toBe(`workbench: ${recipe} has changed since the run began, and would read other rows: start a new run with it; to go on with what it was, add --set recipe.path=${join(folder, 'module.ts')}\n`);

  const brought = join(elsewhere.folder, id);
  cpSync(folder, brought, { recursive: true });
  rmSync(recipe);
  rmSync(place.home, { recursive: true });
  const goneOn = await elsewhere.run('resume', brought, '--set', 'train.max_steps=2');
  expect([goneOn.code, goneOn.stderr]).toEqual([0, '']);
});
