/** How long a run will take: from a timing of it, else as runs like it went, else from a past run of the same shape on this machine. */
import type { Experiment } from '../../../config/schema.js';
import type { DataPreview } from '../../../data/look/preview.js';
import type { RunRecord } from '../../../store/rows.js';
import type { Estimate } from '../../../trainer/estimate.js';
import { counted, formatShort } from '../../../util/format.js';
import type { Pace } from './services.js';

export interface KnownPace {
  readonly tokens_per_second: number;
  /** "as timed", "as baseline ran". */
  readonly from: string;
  readonly timed: boolean;
}

export interface Predicted {
  readonly seconds: number;
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
  if (probed && alike(experiment, probed.experiment)) return { tokens_per_second: probed.pace.tokens_per_second, from: 'as timed', timed: true };
  const past = runs.filter(({ config, step, tokens_per_second: speed }) => speed !== null && speed > 0 && step >= steady && alike(experiment, config));
  // Of a short one the start is most.
  const run = past.reduce<RunRecord | null>((longest, each) => (longest === null || each.step > longest.step ? each : longest), null);
  return run?.tokens_per_second ? { tokens_per_second: run.tokens_per_second, from: `as ${run.name} ran`, timed: false } : null;
}

/** Tokens of an epoch without padding: counted, or from the mean of the rows that were looked at; null where there is neither. */
export function epochTokens({ tokens_per_epoch: counted, train_rows: rows }: Estimate, preview: DataPreview | null): number | null {
  if (counted !== null) return counted;
  return preview === null || rows === null || preview.train_rows === 0 ? null : Math.round((preview.tokens / preview.train_rows) * rows);
}

/** Seconds of all updates as runs like it went; null where there was none, or its updates are not known. */
export function calibratedSeconds({ calibration, steps }: Pick<Estimate, 'calibration' | 'steps'>): number | null {
  return calibration === undefined || steps === null ? null : calibration.seconds_per_step * steps;
}

/**
 * Training alone; evaluations and saves are not in it. What was not timed goes by runs like it, as `workbench estimate` does. Null
 * where neither is known, nor the updates and their tokens.
 */
export function predicted(estimate: Estimate, pace: KnownPace | null, preview: DataPreview | null): Predicted | null {
  const calibrated = calibratedSeconds(estimate);
  if (!pace?.timed && calibrated !== null) return { seconds: calibrated, from: `as ${counted(estimate.calibration?.runs ?? 0, 'run')} like it` };
  const tokens = epochTokens(estimate, preview);
  const { steps, steps_per_epoch: perEpoch } = estimate;
  if (pace === null || tokens === null || steps === null || perEpoch === null) return null;
  return { seconds: (tokens * (steps / perEpoch)) / pace.tokens_per_second, from: `${pace.from}, ${formatShort(pace.tokens_per_second)} tokens/s` };
}
