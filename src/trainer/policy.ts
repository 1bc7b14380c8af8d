/** When something happens in a run: pure functions of the step. */
import type { TrainConfig } from '../config/schema.js';

type Intervals = Pick<TrainConfig, 'logging_steps' | 'logging_first_step' | 'eval_strategy' | 'eval_steps' | 'save_strategy' | 'save_steps'>;

export interface Due {
  readonly log: boolean;
  readonly evaluate: boolean;
  readonly save: boolean;
}

/** Where a run stands after an update. */
export interface Standing {
  readonly step: number;
  readonly total: number;
  /** It was the last update of an epoch. */
  readonly epochEnded: boolean;
}

/** What is due after an update. The last update of a run is always logged, evaluated and saved. */
export function dueAfter({ step, total, epochEnded }: Standing, config: Intervals): Due {
  const last = step >= total;
  const every = (interval: number) => interval > 0 && step % interval === 0;
  const by = (strategy: 'steps' | 'epoch', interval: number) => last || (strategy === 'epoch' ? epochEnded : every(interval));
  return { log: last || every(config.logging_steps) || (config.logging_first_step && step === 1), evaluate: by(config.eval_strategy, config.eval_steps), save: by(config.save_strategy, config.save_steps) };
}

/** Updates of the whole run, as Transformers counts them. */
export function totalUpdates(config: Pick<TrainConfig, 'max_steps' | 'num_train_epochs'>, updatesPerEpoch: number): number {
  return config.max_steps > 0 ? config.max_steps : Math.ceil(config.num_train_epochs * updatesPerEpoch);
}

/** Updates in a row that may be left out before it is plain that the run cannot recover. */
const mostSkips = 5;

/** What to do about the `inARow`-th update running that must not be made. */
export function actionAfter(policy: TrainConfig['on_non_finite'], inARow: number): TrainConfig['on_non_finite'] {
  return inARow > mostSkips ? 'stop' : policy;
}

type BatchShape = Pick<TrainConfig, 'per_device_train_batch_size' | 'gradient_accumulation_steps'>;

/** Smaller micro-batches of the same update; null when one row is already too much. */
export function smallerMicroBatch({ per_device_train_batch_size: rows, gradient_accumulation_steps: micro }: BatchShape): BatchShape | null {
  if (rows === 1) return null;
  const parts = rows % 2 === 0 ? 2 : rows;
  return { per_device_train_batch_size: rows / parts, gradient_accumulation_steps: micro * parts };
}

/** Which checkpoints may stay. */
export interface Keeping {
  /** The newest and those before it, the best among them; null: all. */
  readonly limit: number | null;
  readonly newest: number;
  /** Stays; null where there is none, or it need not. */
  readonly best: number | null;
  /** Stay, and do not count. */
  readonly forGood: readonly number[];
}

/**
 * The checkpoints to remove, oldest first. The newest is never among them; what is later than it, a damaged one that
 * the run went on without, always. The best counts and stays, so that of a limit of 1 two may be left.
 */
export function surplusCheckpoints(steps: readonly number[], { limit, newest, best, forGood }: Keeping): number[] {
  const ascending = [...steps].sort((a, b) => a - b);
  const past = ascending.filter((step) => step <= newest && (step === newest || !forGood.includes(step)));
  const others = past.filter((step) => step !== best);
  const room = limit === null ? Infinity : Math.max(newest === best ? 0 : 1, limit - (past.length - others.length));
  const old = others.slice(0, Math.max(0, others.length - room));
  return [...old, ...ascending.filter((step) => step > newest)];
}
