/** Learning-rate schedules, counted in updates as in Transformers' `get_scheduler` (optimization.py). */

/** The part of a training configuration that a schedule goes by. */
export interface ScheduleConfig {
  readonly learning_rate: number;
  readonly lr_scheduler_type: 'linear' | 'cosine' | 'constant' | 'constant_with_warmup' | 'polynomial';
  readonly warmup_steps: number;
  readonly warmup_ratio: number;
}

/** The share of the peak rate, given how far the decay after the warm-up has come (0 to 1; more after the last update). */
type Decay = (progress: number, peak: number) => number;

/** Where Transformers' polynomial schedule ends. */
const polynomialEnd = 1e-7;

const decays: { readonly [K in ScheduleConfig['lr_scheduler_type']]: Decay } = {
  constant: () => 1,
  constant_with_warmup: () => 1,
  linear: (progress) => Math.max(0, 1 - progress),
  // half a cosine wave: ½·(1 + cos πp)
  cosine: (progress) => Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress))),
  // of power 1, from the peak to its end rate: (η − e)·(1 − p) + e, as a share of η
  polynomial: (progress, peak) => ((peak - polynomialEnd) * Math.max(0, 1 - progress) + polynomialEnd) / peak,
};

/** Updates in which the rate rises; a number of steps goes before a ratio, and `constant` has none. */
export function warmupUpdates(config: ScheduleConfig, totalUpdates: number): number {
  if (config.lr_scheduler_type === 'constant') return 0;
  return config.warmup_steps > 0 ? config.warmup_steps : Math.ceil(totalUpdates * config.warmup_ratio);
}

/** The rate of the update that comes after `update` others: the first one's is `learningRateAt(config, 0, …)`. */
export function learningRateAt(config: ScheduleConfig, update: number, totalUpdates: number): number {
  const peak = config.learning_rate;
  const warmup = warmupUpdates(config, totalUpdates);
  if (update < warmup) return peak * (update / warmup);
  const progress = (update - warmup) / Math.max(1, totalUpdates - warmup);
  return peak * decays[config.lr_scheduler_type](progress, peak);
}
