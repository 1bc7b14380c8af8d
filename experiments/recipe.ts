/**
 * The quickstart's reviews as a module: functions choose the rows, write the prompt and say what counts how much. Runs in
 * under a minute on two cores: workbench train experiments/recipe.ts
 */
import { defineExperiment, type Row } from 'workbench';

const text = (row: Row): string => String(row.text);

export default defineExperiment({
  name: 'recipe',
  model: 'demo/model',
  dataset: { path: 'demo/reviews', max_samples: 400 },
  max_length: 128,
  lora: { target_modules: 'all-linear' },
  train: { per_device_train_batch_size: 16, learning_rate: 3e-3, max_steps: 40, eval_steps: 20 },

  // Reviews of one sentence say too little.
  filter: (row) => text(row).split('. ').length > 1,

  prompt: (row) => ({ prompt: `${text(row)} It was`, completion: ` ${String(row.label)}` }),

  // A "not" turns a review around: those rows are the hard ones.
  weight: (row) => (/\b(not|nobody|never)\b/i.test(text(row)) ? 2 : 1),

  // The verdict matters more than that the text ends after it.
  tokenWeights: ({ tokens }) => tokens.map((token, t) => (t === tokens.length - 1 ? 0.1 : 1)),
});
