/** Answers to the rows that a run evaluates on: what is known of them before it begins. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { demo, experimentOf, home, run } from './support.js';

it('a run whose rows ask nothing does not begin', async () => {
  const recipe = join(home, 'texts.mjs');
  writeFileSync(recipe, 'export default { prompt: (row) => row.text };');
  const experiment = experimentOf({ dataset: { path: join(demo, 'reviews'), max_samples: 16, val_size: 4 }, recipe: { path: recipe }, train: { predict_with_generate: true } });
  expect((await run(experiment)).events).toEqual([{ type: 'failed', user: true, reason: expect.stringMatching(/nothing to answer/) as string }]);
});
