/** What a run does about updates that cannot be made: policies, and what has to be remembered for them. */
import type { TrainConfig } from '../../config/schema.js';
import { counted } from '../../util/format.js';
import type { CheckpointState } from '../checkpoint/checkpoint.js';
import { trainingLoader } from '../estimate.js';
import { actionAfter, smallerMicroBatch } from '../policy.js';
import { namesOf, withRows, type RefusedUpdate } from './refusal.js';
import type { Session } from '../session.js';
import { remember, spikeLimit } from './spike.js';
import type { TrainContext } from '../context.js';

/** Of losses that are not numbers, or spikes. Part of a checkpoint, so that a resumed run decides as the whole one would. */
export class Recovery {
  readonly #context: Pick<TrainContext, 'emit' | 'log'>;
  #state: CheckpointState['recovery'];

  constructor(context: Pick<TrainContext, 'emit' | 'log'>, resumed: CheckpointState['recovery'] | null) {
    this.#context = context;
    this.#state = resumed ?? { in_a_row: 0, lowered: null, recent_losses: [] };
  }

  get state(): CheckpointState['recovery'] {
    return this.#state;
  }

  lossLimit(train: TrainConfig): number | null {
    return spikeLimit(this.#state.recent_losses, train);
  }

  /** What the scheduled rate is multiplied by. A rate that is set by hand counts as it is. */
  rateFactor({ learning_rate }: TrainConfig): number {
    const { lowered } = this.#state;
    return lowered?.learning_rate === learning_rate ? lowered.factor : 1;
  }

  /** An update went well, with this mean loss. */
  passed(loss: number, train: TrainConfig): void {
    this.#state = { ...this.#state, in_a_row: 0, recent_losses: [...remember(this.#state.recent_losses, loss, train)] };
  }

  /** Says which rows met what; false when the run has to end. */
  leavesOut(refused: RefusedUpdate, { experiment: { train }, data }: Pick<Session, 'experiment' | 'data'>): boolean {
    const in_a_row = this.#state.in_a_row + 1;
    const refusal = withRows(refused, data.train);
    this.#context.log(`${refused.message}; its ${counted(refusal.rows.length, 'row')}: ${namesOf(refusal.rows, Infinity)}`);
    const action = actionAfter(train.on_non_finite, in_a_row);
    if (action === 'stop') return false;
    const factor = this.rateFactor(train) / 2;
    this.#state = { ...this.#state, in_a_row, ...(action === 'lower_rate' ? { lowered: { learning_rate: train.learning_rate, factor } } : {}) };
    const consequence = action === 'lower_rate' ? `This update is left out, and from here on the rate is ${factor} of the schedule's.` : 'This update is left out.';
    this.#context.emit({ type: 'warning', message: `${refused.message}; the weights before it are kept. It had ${namesOf(refusal.rows)}. ${consequence}`, refusal });
    return true;
  }
}

/** The same updates in smaller micro-batches, which take less memory at a time; null when there is nothing smaller to try. */
export function inSmallerParts(session: Session, position: CheckpointState['position']): { readonly session: Session; readonly changes: Partial<TrainConfig> } | null {
  const { train } = session.experiment;
  const changes = train.auto_find_batch_size ? smallerMicroBatch(train) : null;
  if (changes === null) return null;
  const experiment = { ...session.experiment, train: { ...train, ...changes } };
  return { session: { ...session, experiment, measured: null, loader: trainingLoader(experiment, session.data.train, { model: session.model, padId: session.padId, layout: session.layout, position }) }, changes };
}
