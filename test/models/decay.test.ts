/** Which weights decay: those that Transformers' Trainer lets decay (test/golden/decay.py). */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readModel } from '../../src/models/registry.js';
import { goldenFolder, readJson } from '../golden/support.js';

it.each(Object.entries(readJson<Record<string, readonly string[]>>(goldenFolder, 'decay.json')))('of %s all decay but biases and norms', (name, kept) => {
  const { parameters } = readModel(join(goldenFolder, 'models', name));
  expect(parameters.filter(({ decay }) => !decay).map((parameter) => parameter.name).sort()).toEqual([...kept].sort());
});
