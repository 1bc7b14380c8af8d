/** An experiment that is a module, by the commands: looked at, trained, gone on with here and on another machine. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  const short = ['--set', 'train.max_steps=2', '--set', 'dataset.max_samples=32', '--set', 'train.eval_steps=0'];

  const looked = await place.run('data', recipe, ...short, '--json');
  expect(looked.stderr).toBe('');
  expect(JSON.parse(looked.stdout)).toMatchObject({ train_rows: 32, sets: [{ dropped: { filter: expect.any(Number) as number } }] });

  expect((await place.run('train', recipe, ...short)).code).toBe(0);
  const { id, config } = JSON.parse((await place.run('show', 'recipe', '--json')).stdout) as { id: string; config: { recipe: { path: string; sha256: string } } };
  expect(config.recipe.path).toBe(recipe);
  const folder = join(place.home, 'runs', id);
  expect(readFileSync(join(folder, 'module.ts'), 'utf8')).toBe(text);
  expect((await place.run('data', join(folder, 'experiment.yaml'), '--json')).code).toBe(0);

  writeFileSync(recipe, `${text}\n`);
  const refused = await place.run('resume', 'recipe', '--set', 'train.max_steps=3');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toBe(`workbench: ${recipe} has changed since the run began, and would read other rows: start a new run with it; to go on with what it was, add --set recipe.path=${join(folder, 'module.ts')}\n`);
  const kept = await place.run('resume', 'recipe', '--set', 'train.max_steps=3', '--set', `recipe.path=${join(folder, 'module.ts')}`);
  expect([kept.code, kept.stderr]).toEqual([0, '']);

  const brought = join(elsewhere.folder, id);
  cpSync(folder, brought, { recursive: true });
  rmSync(recipe);
  rmSync(place.home, { recursive: true });
  const goneOn = await elsewhere.run('resume', brought, '--set', 'train.max_steps=4');
  expect([goneOn.code, goneOn.stderr]).toEqual([0, '']);
});
