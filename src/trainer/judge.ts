/** What the evaluations of a run lead to: a lower rate, an early end. Part of a checkpoint, so that a resumed run decides as the whole one would. */
import type { TrainConfig } from '../config/schema.js';
import { afterEvaluation as afterPlateau, firstPlateau } from '../optim/plateau.js';
import { UserError } from '../util/errors.js';
import { afterEvaluation, earlyEnd, firstWatch, moreIsBetter, type Score } from './best.js';
import type { CheckpointState } from './checkpoint/checkpoint.js';

type State = Pick<CheckpointState, 'watch' | 'plateau'>;

export class Judge {
  #state: State;

  constructor(resumed: State | null) {
    this.#state = { watch: resumed?.watch ?? firstWatch, plateau: resumed?.plateau ?? null };
  }

  get state(): State {
    return this.#state;
  }

  /** After an evaluation by the run's own plan; null where it gave no number. */
  judge(score: Score | null, train: TrainConfig): void {
    const { watch, plateau } = this.#state;
    const { lr_scheduler_type, lr_scheduler_kwargs: options, learning_rate: peak, metric_for_best_model: metric } = train;
    const lowered = lr_scheduler_type === 'reduce_lr_on_plateau' ? afterPlateau(plateau ?? firstPlateau, score?.value ?? NaN, { options, peak, metric, moreIsBetter: moreIsBetter(metric) }) : plateau;
    this.#state = { watch: afterEvaluation(watch, score, train), plateau: lowered };
  }

  /** What the scheduled rate is multiplied by. */
  rateFactor({ lr_scheduler_type }: TrainConfig): number {
    return lr_scheduler_type === 'reduce_lr_on_plateau' ? (this.#state.plateau?.factor ?? 1) : 1;
  }

  /** Why the run ends before its last update; null: it goes on. */
  earlyEnd(train: TrainConfig): string | null {
    return earlyEnd(this.#state.watch, train);
  }
}

/** Throws a UserError where a run is to go by evaluations and has nothing to evaluate on. */
export function checkJudged({ early_stopping_patience, load_best_model_at_end, lr_scheduler_type }: TrainConfig, evalRows: number): void {
  if (evalRows > 0) return;
  const asked = [
    ...(early_stopping_patience === null ? [] : ['train.early_stopping_patience']),
    ...(load_best_model_at_end ? ['train.load_best_model_at_end'] : []),
    ...(lr_scheduler_type === 'reduce_lr_on_plateau' ? ['the schedule reduce_lr_on_plateau'] : []),
  ];
  if (asked.length > 0) throw new UserError(`${asked.join(' and ')} ${asked.length === 1 ? 'goes' : 'go'} by evaluations, and no rows are set apart for them: set dataset.val_size or dataset.eval.`);
}
