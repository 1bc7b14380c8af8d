/** What the live screen says of a run's evaluation beside its loss. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parseExperiment } from '../../../src/config/parse.js';
import { openStore } from '../../../src/store/store.js';
import type { EvalEvent } from '../../../src/trainer/events.js';
import { look } from '../../../src/ui/look.js';
import { textOf } from '../../../src/ui/format/line.js';
import { progressLines } from '../../../src/ui/screens/live/lines.js';
import { makeTheme } from '../../../src/ui/theme.js';

const home = mkdtempSync(join(tmpdir(), 'workbench-progress-'));
const store = openStore(home);
afterAll(() => {
  store.close();
  rmSync(home, { recursive: true });
});

const scores = { rouge1: 44.2, rouge2: 21, rougeL: 40.96, bleu: 12, exact_match: 3 };

it.each<[string, Partial<EvalEvent>, RegExp]>([
  ['perplexity', {}, /ppl +7\.389/],
  ['accuracy, of classes', { accuracy: 0.75 }, /accuracy +75\.0%/],
  ['ROUGE-L, of answers', { scores }, /ROUGE-L +41\.0/],
])('is %s', (_, change, wanted) => {
  const { id } = store.createRun({ name: 'run', config: parseExperiment({ model: 'm', dataset: { path: 'd' } }) });
  store.record(id, { type: 'eval', step: 10, total_steps: 100, epoch: 0.1, eval_loss: 2, perplexity: 7.389, accuracy: null, eval_seconds: 1, ...change }, new Date(0).toISOString());
  const lines = progressLines(look(store, id, null), { width: 40, glyphs: makeTheme({ color: false, unicode: true }).glyphs });
  expect(lines.map(textOf).join('\n')).toMatch(wanted);
});
