/** A search as it is kept: what its file says, made whole. */

/** What trials can be measured by, and which way is better. */
export const searchMetrics = {
  eval_loss: 'min', perplexity: 'min', accuracy: 'max', loss: 'min',
  rouge1: 'max', rouge2: 'max', rougeL: 'max', bleu: 'max', exact_match: 'max',
} as const satisfies Readonly<Record<string, 'min' | 'max'>>;
export type SearchMetric = keyof typeof searchMetrics;

export interface SearchPlan {
  /** The file that says it, and that of the experiment: absolute paths. */
  readonly file: string;
  readonly experiment: string;
  /** `key=value` that the command was given for the experiment. */
  readonly set: readonly string[];
  readonly metric: SearchMetric;
  readonly method: 'random' | 'grid';
  readonly seed: number;
  /** The updates at which losers are stopped, ascending; the last rung, the end of a run, is not among them. */
  readonly rungs: readonly number[];
  /** The share of the trials of a rung that goes on. */
  readonly keep: number;
  /** The parameters, in the order of the file. */
  readonly keys: readonly string[];
  /** The command of the experiment, told once, of the best trial. */
  readonly on_finish: string | null;
}

/** The metrics of answers, which are measured with `train.predict_with_generate` alone. */
export const answerMetrics: readonly SearchMetric[] = ['rouge1', 'rouge2', 'rougeL', 'bleu', 'exact_match'];

/** Negative where `a` is better. */
export function betterFirst(metric: SearchMetric, a: number, b: number): number {
  return searchMetrics[metric] === 'min' ? a - b : b - a;
}
