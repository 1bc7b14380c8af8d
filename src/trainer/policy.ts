/** When something happens in a run: pure functions of the step. */
import type { TrainConfig } from '../config/schema.js';

type Intervals = Pick<TrainConfig, 'logging_steps' | 'eval_steps' | 'save_steps'>;

export interface Due {
  readonly log: boolean;
  readonly evaluate: boolean;
  readonly save: boolean;
}

/** What is due after update `step` of `total`. The last update is always logged, evaluated and saved. */
export function dueAfter(step: number, total: number, config: Intervals): Due {
  const last = step >= total;
  const every = (interval: number) => last || (interval > 0 && step % interval === 0);
  return { log: every(config.logging_steps), evaluate: every(config.eval_steps), save: every(config.save_steps) };
}

/** Updates of the whole run, as Transformers counts them. */
export function totalUpdates(config: Pick<TrainConfig, 'max_steps' | 'num_train_epochs'>, updatesPerEpoch: number): number {
  return config.max_steps > 0 ? config.max_steps : Math.ceil(config.num_train_epochs * updatesPerEpoch);
}

/** Updates in a row that may be left out before it is plain that the run cannot recover. */
const mostSkips = 5;

/** What to do about the `inARow`-th update running whose loss is not a number. */
export function onNonFinite(policy: TrainConfig['on_non_finite'], inARow: number): TrainConfig['on_non_finite'] {
  return inARow > mostSkips ? 'stop' : policy;
}

type BatchShape = Pick<TrainConfig, 'per_device_train_batch_size' | 'gradient_accumulation_steps'>;

/** Smaller micro-batches of the same update; null when one row is already too much. */
export function smallerMicroBatch({ per_device_train_batch_size: rows, gradient_accumulation_steps: micro }: BatchShape): BatchShape | null {
  if (rows === 1) return null;
  const parts = rows % 2 === 0 ? 2 : rows;
  return { per_device_train_batch_size: rows / parts, gradient_accumulation_steps: micro * parts };
}

/**
 * The checkpoints to remove, oldest first, when only `limit` may stay. The newest is never among them; what is
 * later than it, a damaged one that the run went on without, always. The best counts and stays, so that of a
 * limit of 1 two may be left.
 */
export function surplusCheckpoints(steps: readonly number[], { limit, newest, best }: { readonly limit: number | null; readonly newest: number; readonly best: number | null }): number[] {
  const ascending = [...steps].sort((a, b) => a - b);
  const past = ascending.filter((step) => step <= newest);
  const others = past.filter((step) => step !== best);
  const room = limit === null ? Infinity : Math.max(newest === best ? 0 : 1, limit - (past.length - others.length));
  const old = others.slice(0, Math.max(0, others.length - room));
  return [...old, ...ascending.filter((step) => step > newest)];
}
