/** A rate that falls when an evaluation has not become better for some time: `torch.optim.lr_scheduler.ReduceLROnPlateau`. */

/** Null: PyTorch's default. */
export interface PlateauOptions {
  /** What the rate is multiplied by. */
  readonly factor: number | null;
  /** Evaluations that may be no better; one more, and the rate falls. */
  readonly patience: number | null;
  /** Better is by this share of the best at least. */
  readonly threshold: number | null;
  /** Evaluations after a fall that do not count. */
  readonly cooldown: number | null;
  readonly min_lr: number | null;
}

export interface PlateauState {
  readonly best: number | null;
  /** What it is the best of; null before the first evaluation. */
  readonly metric: string | null;
  readonly bad: number;
  readonly cooldown: number;
  /** What the peak rate is multiplied by. */
  readonly factor: number;
}

export const firstPlateau: PlateauState = { best: null, metric: null, bad: 0, cooldown: 0, factor: 1 };

/** A smaller fall than this is none. */
const leastFall = 1e-8;

/** By what an evaluation is judged. */
interface Judged {
  readonly options: Partial<PlateauOptions>;
  readonly peak: number;
  readonly metric: string;
  readonly moreIsBetter: boolean;
}

/**
 * After one more evaluation of loss `value`, or, where more is better, of a share: better is
 *   value < best·(1 − threshold)   or   value > best·(1 + threshold)
 * and whatever is measured first of a metric.
 */
export function afterEvaluation(state: PlateauState, value: number, { options, peak, metric, moreIsBetter }: Judged): PlateauState {
  const threshold = options.threshold ?? 1e-4;
  const before = state.metric === metric ? state.best : null;
  const isBetter = before === null ? !Number.isNaN(value) : moreIsBetter ? value > before * (1 + threshold) : value < before * (1 - threshold);
  const best = isBetter ? value : before;
  const cooldown = Math.max(0, state.cooldown - 1);
  const bad = isBetter || state.cooldown > 0 ? 0 : state.bad + 1;
  if (bad <= (options.patience ?? 10)) return { ...state, best, metric, bad, cooldown };
  const rate = peak * state.factor;
  const after = Math.max(rate * (options.factor ?? 0.1), options.min_lr ?? 0);
  return { best, metric, bad: 0, cooldown: options.cooldown ?? 0, factor: rate - after > leastFall ? after / peak : state.factor };
}
