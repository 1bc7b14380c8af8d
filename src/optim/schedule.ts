/**
 * Learning-rate schedules, counted in updates as in Transformers' `get_scheduler` (optimization.py): pure functions of the
 * update. `reduce_lr_on_plateau`, which goes by evaluations, is constant here and is lowered by plateau.ts.
 */

/** Null: the schedule's own default. */
export interface ScheduleOptions {
  readonly num_cycles: number | null;
  readonly min_lr: number | null;
  readonly min_lr_rate: number | null;
  readonly lr_end: number | null;
  readonly power: number | null;
  readonly timescale: number | null;
  readonly num_stable_steps: number | null;
  readonly num_decay_steps: number | null;
  readonly warmup_type: Slope | null;
  readonly decay_type: Slope | null;
  readonly min_lr_ratio: number | null;
}

/** How `warmup_stable_decay` rises and falls. */
type Slope = 'linear' | 'cosine' | '1-sqrt';

/** The part of a training configuration that a schedule goes by. */
export interface ScheduleConfig {
  readonly learning_rate: number;
  readonly lr_scheduler_type: keyof typeof decays;
  readonly warmup_steps: number;
  readonly warmup_ratio: number;
  readonly lr_scheduler_kwargs?: Partial<ScheduleOptions>;
}

/** Where a run stands once its rate has risen. */
interface Standing {
  /** Updates since the warm-up, of it, and of the whole run. */
  readonly update: number;
  readonly warmup: number;
  readonly total: number;
  /** How far it has come from the warm-up to the end: 0 to 1, more after the last update. */
  readonly progress: number;
  readonly peak: number;
  readonly options: Partial<ScheduleOptions>;
}

/** The share of the peak rate. */
type Decay = (at: Standing) => number;

/** Where Transformers' polynomial schedule ends. */
const polynomialEnd = 1e-7;

/** Of `inverse_sqrt` without a warm-up, in updates. */
const usualTimescale = 10_000;

/** Of `cosine_with_min_lr`, where nothing is said; Transformers asks for it then (Hoffmann et al., 2022, arXiv:2203.15556 §B: a tenth). */
const usualLeastShare = 0.1;

/** Of all updates, the last that `warmup_stable_decay` falls in where nothing is said (Hägele et al., 2024, arXiv:2405.18392 §4). */
const usualDecay = 0.2;

const decays = {
  constant: () => 1,
  constant_with_warmup: () => 1,
  reduce_lr_on_plateau: () => 1,
  linear: ({ progress }) => Math.max(0, 1 - progress),
  // so many waves, half of one where nothing is said: ½·(1 + cos 2πcp)
  cosine: ({ progress, options }) => Math.max(0, wave(progress, options.num_cycles)),
  // c times from the top to zero: ½·(1 + cos π(cp mod 1))
  cosine_with_restarts: ({ progress, options }) => (progress >= 1 ? 0 : wave((progress * (options.num_cycles ?? 1)) % 1, 0.5)),
  // the same wave between the peak and m, the least share of it: w·(1 − m) + m
  cosine_with_min_lr: ({ progress, peak, options }) => above(leastShare(options, peak), wave(progress, options.num_cycles)),
  // from the peak to its end rate e: ((η − e)·(1 − p)ᵏ + e) / η
  polynomial({ progress, peak, options }) {
    const end = options.lr_end ?? polynomialEnd;
    return ((peak - end) * Math.max(0, 1 - progress) ** (options.power ?? 1) + end) / peak;
  },
  // 1/√((u + s)/s), u updates after the warm-up, s the timescale
  inverse_sqrt({ update, warmup, options }) {
    const timescale = options.timescale ?? (warmup || usualTimescale);
    return 1 / Math.sqrt((update + timescale) / timescale);
  },
  // at the peak, and down in the last updates (Hu et al., 2024, arXiv:2404.06395 §4.2)
  warmup_stable_decay({ update, warmup, total, options }) {
    const decay = options.num_decay_steps ?? Math.ceil(usualDecay * total);
    const stable = options.num_stable_steps ?? total - warmup - decay;
    if (update < stable) return 1;
    const least = options.min_lr_ratio ?? 0;
    return update < stable + decay ? above(least, falls[options.decay_type ?? 'cosine']((update - stable) / Math.max(1, decay), options.num_cycles)) : least;
  },
} satisfies Record<string, Decay>;

const falls: { readonly [S in Slope]: (progress: number, cycles: number | null | undefined) => number } = {
  linear: (progress) => 1 - progress,
  cosine: wave,
  '1-sqrt': (progress) => 1 - Math.sqrt(progress),
};

const rises: { readonly [S in Slope]: (progress: number) => number } = {
  linear: (progress) => progress,
  cosine: (progress) => 0.5 * (1 - Math.cos(Math.PI * progress)),
  '1-sqrt': (progress) => 1 - Math.sqrt(1 - progress),
};

/** Updates in which the rate rises; a number of steps goes before a ratio, and two schedules have none. */
export function warmupUpdates({ lr_scheduler_type: type, warmup_steps, warmup_ratio }: ScheduleConfig, totalUpdates: number): number {
  if (type === 'constant' || type === 'reduce_lr_on_plateau') return 0;
  return warmup_steps > 0 ? warmup_steps : Math.ceil(totalUpdates * warmup_ratio);
}

/** The rate of the update that comes after `update` others: the first one's is `learningRateAt(config, 0, …)`. */
export function learningRateAt(config: ScheduleConfig, update: number, totalUpdates: number): number {
  const { learning_rate: peak, lr_scheduler_type: type, lr_scheduler_kwargs: options = {} } = config;
  const warmup = warmupUpdates(config, totalUpdates);
  if (update < warmup) {
    const risen = update / warmup;
    return peak * (type === 'warmup_stable_decay' ? above(options.min_lr_ratio ?? 0, rises[options.warmup_type ?? 'linear'](risen)) : risen);
  }
  const since = update - warmup;
  return peak * decays[type]({ update: since, warmup, total: totalUpdates, progress: since / Math.max(1, totalUpdates - warmup), peak, options });
}

/** ½·(1 + cos 2πcp) */
function wave(progress: number, cycles: number | null = null): number {
  return 0.5 * (1 + Math.cos(Math.PI * 2 * (cycles ?? 0.5) * progress));
}

/** A share between 0 and 1 as one between `least` and 1. */
function above(least: number, share: number): number {
  return Math.max(0, share * (1 - least) + least);
}

function leastShare({ min_lr, min_lr_rate }: Partial<ScheduleOptions>, peak: number): number {
  return min_lr === null || min_lr === undefined ? (min_lr_rate ?? usualLeastShare) : min_lr / peak;
}
