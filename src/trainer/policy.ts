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
