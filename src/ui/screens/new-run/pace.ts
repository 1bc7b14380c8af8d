/** How long a run will take: from a timing of it, else from a past run of the same shape on this machine. */
import type { Experiment } from '../../../config/schema.js';
import type { DataPreview } from '../../../data/look/preview.js';
import type { RunRecord } from '../../../store/rows.js';
import type { Estimate } from '../../../trainer/estimate.js';
import type { Pace } from './services.js';

export interface KnownPace {
  readonly tokens_per_second: number;
  /** "as timed", "as baseline ran". */
  readonly from: string;
}

export interface Probed {
  readonly experiment: Experiment;
  readonly pace: Pace;
}

export interface Past {
  readonly probed: Probed | null;
  /** Newest first. */
  readonly runs: readonly RunRecord[];
  alike(a: Experiment, b: Experiment): boolean;
}

/** Updates after which the speed of a run means something. */
const steady = 3;

export function paceOf(experiment: Experiment, { probed, runs, alike }: Past): KnownPace | null {
  if (probed && alike(experiment, probed.experiment)) return { tokens_per_second: probed.pace.tokens_per_second, from: 'as timed' };
  const run = runs.find(({ config, step, tokens_per_second: speed }) => speed !== null && speed > 0 && step >= steady && alike(experiment, config));
  return run?.tokens_per_second ? { tokens_per_second: run.tokens_per_second, from: `as ${run.name} ran` } : null;
}

/** Tokens of an epoch without padding: counted, or from the mean of the rows that were looked at; null where there is neither. */
export function epochTokens({ tokens_per_epoch: counted, train_rows: rows }: Estimate, preview: DataPreview | null): number | null {
  if (counted !== null) return counted;
  return preview === null || rows === null || preview.train_rows === 0 ? null : Math.round((preview.tokens / preview.train_rows) * rows);
}

/** Seconds of training; evaluations and saves are not in it. Null where the updates or their tokens are not known. */
export function predictedSeconds(estimate: Estimate, pace: KnownPace, preview: DataPreview | null): number | null {
  const tokens = epochTokens(estimate, preview);
  const { steps, steps_per_epoch: perEpoch } = estimate;
  return tokens === null || steps === null || perEpoch === null ? null : (tokens * (steps / perEpoch)) / pace.tokens_per_second;
}
