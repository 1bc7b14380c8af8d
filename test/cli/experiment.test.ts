import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadExperiment } from '../../src/cli/experiment.js';

const folder = mkdtempSync(join(tmpdir(), 'workbench-experiment-'));
afterAll(() => rmSync(folder, { recursive: true }));

const config = { model_type: 'gpt2', vocab_size: 64, n_positions: 256, n_embd: 8, n_layer: 1, n_head: 2 };

test.each([
  { what: 'fits the model where nobody sets it', model: config, set: [], length: 256, said: ['max_length is 256, as many tokens as the model was made for.'] },
  { what: 'stays as it is set, for the estimate to refuse', model: config, set: ['max_length=400'], length: 400, said: [] },
  { what: 'is the default for a model with more room', model: { ...config, n_positions: 1024 }, set: [], length: 512, said: [] },
])('max_length $what', async ({ model, set, length, said }) => {
  writeFileSync(join(folder, 'config.json'), JSON.stringify(model));
  const file = join(folder, 'e.yaml');
  writeFileSync(file, 'model: .\ndataset: { path: rows.jsonl }\n');
  const notes: string[] = [];
  const experiment = await loadExperiment(file, { set }, { env: {}, note: (line) => notes.push(line) });
  expect(experiment.max_length).toBe(length);
  expect(notes).toEqual(said);
});
