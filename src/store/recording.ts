/** What each event changes in the row of its run, and which of its fields are points of a curve. */
import type { EvalEvent, StepEvent, TrainEvent } from '../trainer/events.js';
import { setLossPrefix, type MetricPoint } from './rows.js';

type EventType = TrainEvent['type'];

const progress = 'step = @step, total_steps = @total_steps, epoch = @epoch';
const ended = 'ended_at = @time, queue_position = NULL';

/** The SET part of an UPDATE of `runs`; named parameters are fields of the event, and `@time`. Null: the row stays. */
export const rowChanges: Readonly<Record<EventType, string | null>> = {
  preparing: null,
  started: `state = 'running', reason = NULL, started_at = coalesce(started_at, @time), ended_at = NULL, ${progress},
    trainable_parameters = @trainable_parameters, total_parameters = @total_parameters, estimated_memory_bytes = @estimated_memory_bytes, engine = @engine`,
  step: `${progress}, train_loss = @loss, tokens_seen = @tokens_seen, tokens_per_second = @tokens_per_second, peak_memory_bytes = max(coalesce(peak_memory_bytes, 0), @memory_bytes)`,
  eval: `${progress}, eval_loss = @eval_loss, perplexity = @perplexity, accuracy = @accuracy, best_eval_loss = min(coalesce(best_eval_loss, @eval_loss), coalesce(@eval_loss, best_eval_loss))`,
  sample: null,
  checkpoint: null,
  warning: null,
  paused: `state = 'paused', ${progress}`,
  resumed: `state = 'running', ${progress}, resumed_from = coalesce(@checkpoint, resumed_from)`,
  changed: `${progress}, asked = coalesce(asked, config), config = json_patch(config, @patch)`,
  completed: `state = 'completed', reason = NULL, ${ended}, ${progress}, output = @output, peak_memory_bytes = @peak_memory_bytes`,
  stopped: `state = 'stopped', reason = @reason, ${ended}, ${progress}, output = @output`,
  failed: `state = 'failed', reason = @reason, ${ended}`,
};

const stepPoints = ['loss', 'learning_rate', 'grad_norm', 'tokens_per_second', 'tokens_seen', 'memory_bytes'] as const satisfies readonly (keyof StepEvent)[];
const evalPoints = ['eval_loss', 'perplexity', 'accuracy'] as const satisfies readonly (keyof EvalEvent)[];

/** The points of an event; none for one that is kept whole instead. */
export function pointsOf(event: TrainEvent): Pick<MetricPoint, 'step' | 'key' | 'value'>[] {
  switch (event.type) {
    case 'step':
      return stepPoints.map((key) => ({ step: event.step, key, value: event[key] }));
    case 'eval':
      return [...evalPoints.map((key) => ({ step: event.step, key, value: event[key] })).filter(hasValue), ...setPoints(event)];
    default:
      return [];
  }
}

function setPoints({ step, set_losses = {} }: EvalEvent): Pick<MetricPoint, 'step' | 'key' | 'value'>[] {
  return Object.entries(set_losses).map(([name, value]) => ({ step, key: `${setLossPrefix}${name}`, value }));
}

function hasValue<P extends { readonly value: number | null }>(point: P): point is P & { readonly value: number } {
  return point.value !== null;
}
