/** The recipes that are shipped can be read. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readAnyExperiment } from '../../src/config/file.js';

const folder = fileURLToPath(new URL('../../experiments/', import.meta.url));

it.each(readdirSync(folder).filter((file) => /\.(ya?ml|ts)$/.test(file)))('experiments/%s is an experiment of that name', async (file) => {
  const { name } = await readAnyExperiment(join(folder, file));
  expect(name).toBe(file.replace(/\.\w+$/, ''));
});
