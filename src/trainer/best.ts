/** Which evaluation was the best so far, and whether a run has waited long enough for a better one: pure functions. */
import { z } from 'zod';
import type { TrainConfig } from '../config/schema.js';
import type { TextScores } from '../metrics/texts.js';
import { counted, formatNumber } from '../util/format.js';

type Metric = TrainConfig['metric_for_best_model'];

/** Metrics of which more is better; of the others less is. */
const gains: { readonly [M in Metric]: boolean } = { eval_loss: false, accuracy: true, rouge1: true, rouge2: true, rougeL: true, bleu: true, exact_match: true };

export const scoreSchema = z.object({ step: z.int(), metric: z.string(), value: z.number() });

/** What a metric was after so many updates. */
export type Score = z.infer<typeof scoreSchema>;

export const watchSchema = z.object({
  best: scoreSchema.nullable(),
  /** Evaluations in a row that were not better by the threshold. */
  without_gain: z.int(),
});

/** What is remembered of the evaluations so far; part of a checkpoint. */
export type Watch = z.infer<typeof watchSchema>;

export const firstWatch: Watch = { best: null, without_gain: 0 };

type Patience = Pick<TrainConfig, 'metric_for_best_model' | 'early_stopping_patience' | 'early_stopping_threshold'>;

export function moreIsBetter(metric: Metric): boolean {
  return gains[metric];
}

/** What is read of an evaluation. */
interface Measured {
  readonly step: number;
  readonly eval_loss: number;
  readonly accuracy: number | null;
  readonly scores?: TextScores;
}

/** Null where this run has no such metric, or it is not a number. */
export function scoreOf({ step, eval_loss, accuracy, scores }: Measured, { metric_for_best_model: metric }: Pick<TrainConfig, 'metric_for_best_model'>): Score | null {
  const value = metric === 'eval_loss' ? eval_loss : metric === 'accuracy' ? accuracy : (scores?.[metric] ?? null);
  return value === null || Number.isNaN(value) ? null : { step, metric, value };
}

/** Against a score of the same metric; what is measured by another counts as none. */
export function isBetter(score: Score, best: Score | null): boolean {
  if (best === null || best.metric !== score.metric) return true;
  return gainOver(score, best) > 0;
}

/** The first of the best of one metric; null where there is none. */
export function bestOf(scores: readonly Score[]): Score | null {
  return scores.reduce<Score | null>((best, score) => (isBetter(score, best) ? score : best), null);
}

/**
 * After one more evaluation by the run's own plan, as Transformers' EarlyStoppingCallback counts them: one that is not better
 * than the best before it by more than the threshold adds to those without a gain, and is the best nevertheless if it is better.
 */
export function afterEvaluation(watch: Watch, score: Score | null, { early_stopping_threshold: threshold }: Patience): Watch {
  if (score === null) return { ...watch, without_gain: watch.without_gain + 1 };
  const isFirst = watch.best === null || watch.best.metric !== score.metric;
  const gained = isFirst || gainOver(score, watch.best!) > threshold;
  return { best: isBetter(score, watch.best) ? score : watch.best, without_gain: gained ? 0 : watch.without_gain + 1 };
}

/** Why a run ends before its last update; null: it goes on. */
export function earlyEnd({ best, without_gain }: Watch, { metric_for_best_model: metric, early_stopping_patience: patience, early_stopping_threshold: threshold }: Patience): string | null {
  if (patience === null || without_gain < patience) return null;
  const since = best === null ? '' : `; the best was ${formatNumber(best.value)} at update ${best.step}`;
  const gain = threshold === 0 ? 'no better' : `better by no more than ${threshold}`;
  return `ended early: ${metric} got ${gain} in ${counted(without_gain, 'evaluation')}${since}`;
}

function gainOver(score: Score, best: Score): number {
  return moreIsBetter(score.metric as Metric) ? score.value - best.value : best.value - score.value;
}
