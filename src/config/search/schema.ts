/** Everything a search file may say. The table in docs/search.md and the error sentences are made from it. */
import { z } from 'zod';
import { knobsOf } from '../limits.js';
import { isPrintable } from '../schema.js';
import { searchMetrics, type SearchMetric } from './plan.js';

const metrics = Object.keys(searchMetrics) as [SearchMetric, ...SearchMetric[]];

/** More are a mistake, or no search. */
export const mostTrials = 1000;

/** Whether what a file says is a search, right or wrong, and no experiment. */
export function isSearch(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'experiment' in value && 'parameters' in value;
}

export const searchSchema = z.strictObject({
  name: z.string().min(1).refine((name) => isPrintable(name) && !/\s/.test(name), 'must be one word').nullable().default(null).describe('of the search, its runs and their tag; null: that of the file'),
  experiment: z.string().min(1).describe('the experiment that is tried with other values: a YAML or JSON file, or a module, relative to this file'),
  metric: z.enum(metrics).default('eval_loss').describe('what trials are compared by: eval_loss, perplexity and loss are better when lower, the others when higher; accuracy is of classes, rouge1 to exact_match of answers (train.predict_with_generate)'),
  method: z.enum(['random', 'grid']).default('random').describe('random: so many trials, drawn by the seed; grid: every combination'),
  trials: z.int().min(1).max(mostTrials).nullable().default(null).describe('how many sets of values are tried; of a grid, which has as many as there are, null'),
  seed: z.int().min(0).default(42).describe('of the values that are drawn: the same seed draws the same, and more trials begin with the same'),
  parameters: z
    .record(z.string(), z.unknown())
    .describe('what is tried, by key of the experiment: a list of values, or a range {from: 1.0e-5, to: 1.0e-3, scale: log}, in a grid with points: 5')
    .meta({ expects: 'a group of keys of the experiment, each with a list of values or a range {from: …, to: …}' }),
  stop_losers: z
    .strictObject({
      at: z.array(z.int().min(1)).default([]).describe('updates at which trials are compared and the losers stopped, ascending: [50, 150]; none: all train to their end').meta({ expects: 'a list of updates' }),
      keep: z.number().gt(0).lt(1).default(0.33).describe('share of the trials that goes on at each: rounded, at least one'),
    })
    .prefault({}),
});

export type SearchFile = z.output<typeof searchSchema>;

/** Every key of a search file, for its documentation and error sentences. */
export const searchKnobs = knobsOf(searchSchema);
