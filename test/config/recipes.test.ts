/** The recipes that are shipped: every one can be read, and is explained. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readAnyExperiment } from '../../src/config/file.js';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const recipes = readdirSync(join(repository, 'experiments')).filter((file) => /\.(ya?ml|ts)$/.test(file));
const explained = readFileSync(join(repository, 'docs', 'recipes.md'), 'utf8');

describe.each(recipes)('experiments/%s', (file) => {
  const path = join(repository, 'experiments', file);

  it('is an experiment of that name', async () => {
    const { name } = await readAnyExperiment(path);
    expect(name).toBe(file.replace(/\.\w+$/, ''));
  });

  it('stands in docs/recipes.md', () => {
    expect(explained.includes(`experiments/${file}`)).toBe(true);
  });
});
