/** Changes of a live run, one key each. */
import type { LiveChange } from '../../../trainer/events.js';
import { formatCount } from '../../../util/format.js';
import { UserError } from '../../../util/errors.js';
import type { World } from '../../screen.js';
import { rateText } from './lines.js';

export interface Steering {
  readonly runId: string;
  readonly what: 'faster' | 'slower' | 'longer';
}

/** Asks for the change and says what it is. A second press goes on from what the first has asked for. Rejects with a UserError where it cannot change. */
export async function steer({ runId, what }: Steering, { services, get, send, refresh }: World): Promise<void> {
  const record = services.reader.run(runId);
  const { asked } = get().live;
  if (what === 'longer') {
    const total = asked.max_steps ?? record.total_steps;
    if (total === null) throw new UserError('How long it takes is not known yet: try again after its first step.');
    const max_steps = total + Math.max(1, Math.round(total / 10));
    return ask({ max_steps }, `It goes on to update ${formatCount(max_steps)}, not ${formatCount(total)}.`);
  }
  const rate = asked.learning_rate ?? record.config.train.learning_rate;
  const next = services.step('train.learning_rate', rate, what === 'faster' ? 1 : -1);
  if (typeof next !== 'number' || next === rate) throw new UserError(`The learning rate stays at ${rateText(rate)}: that is as far as it goes.`);
  return ask({ learning_rate: next }, `The learning rate becomes ${rateText(next)} at its height, from ${rateText(rate)}; the schedule goes on.`);

  async function ask(changes: LiveChange, text: string): Promise<void> {
    await services.change(runId, changes);
    send({ type: 'live', action: { type: 'asked', changes } }, { type: 'notice', notice: { tone: 'good', text, until: { runId, state: record.state, step: record.step + 1 } } });
    refresh();
  }
}
