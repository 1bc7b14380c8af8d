/** What each event changes in the row of its run, and which of its fields are points of a curve. */
import type { EvalEvent, StepEvent, TrainEvent } from '../trainer/events.js';
import { setLossPrefix, type MetricPoint } from './rows.js';

type EventType = TrainEvent['type'];

const progress = 'step = @step, total_steps = @total_steps, epoch = @epoch';
// A part is counted up to what was said last, so that of one that crashed only the time since then is lost.
const worked = 'worked_seconds = round(coalesce(worked_seconds, 0) + coalesce(max(0, 86400 * (julianday(@time) - julianday(working_since))), 0), 3)';
const begins = `${worked}, working_since = @time`;
const goesOn = `${worked}, working_since = CASE WHEN working_since IS NULL THEN NULL ELSE @time END`; // one that is paused may still save
const rests = `${worked}, working_since = NULL`;
const ended = `ended_at = @time, queue_position = NULL, ${rests}`;

/** The SET part of an UPDATE of `runs`; named parameters are fields of the event, and `@time`. */
export const rowChanges: Readonly<Record<EventType, string>> = {
  preparing: goesOn,
  started: `state = 'running', reason = NULL, started_at = coalesce(started_at, @time), ended_at = NULL, ${begins}, ${progress},
    trainable_parameters = @trainable_parameters, total_parameters = @total_parameters, estimated_memory_bytes = @estimated_memory_bytes, engine = @engine`,
  step: `${progress}, ${goesOn}, train_loss = @loss, tokens_seen = @tokens_seen, tokens_per_second = @tokens_per_second, peak_memory_bytes = max(coalesce(peak_memory_bytes, 0), @memory_bytes)`,
  eval: `${progress}, ${goesOn}, eval_loss = @eval_loss, perplexity = @perplexity, accuracy = @accuracy, best_eval_loss = min(coalesce(best_eval_loss, @eval_loss), coalesce(@eval_loss, best_eval_loss))`,
  sample: goesOn,
  checkpoint: goesOn,
  warning: goesOn,
  paused: `state = 'paused', ${rests}, ${progress}`,
  resumed: `state = 'running', ${begins}, ${progress}, resumed_from = coalesce(@checkpoint, resumed_from)`,
  changed: `${progress}, ${goesOn}, asked = coalesce(asked, config), config = json_patch(config, @patch)`,
  completed: `state = 'completed', reason = @reason, ${ended}, ${progress}, output = @output, peak_memory_bytes = @peak_memory_bytes`,
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
      return [...evalPoints.map((key) => ({ step: event.step, key, value: event[key] })).filter(hasValue), ...setPoints(event), ...scorePoints(event)];
    default:
      return [];
  }
}

function setPoints({ step, set_losses = {} }: EvalEvent): Pick<MetricPoint, 'step' | 'key' | 'value'>[] {
  return Object.entries(set_losses).map(([name, value]) => ({ step, key: `${setLossPrefix}${name}`, value }));
}

function scorePoints({ step, scores }: EvalEvent): Pick<MetricPoint, 'step' | 'key' | 'value'>[] {
  return Object.entries(scores ?? {}).map(([key, value]) => ({ step, key, value }));
}

function hasValue<P extends { readonly value: number | null }>(point: P): point is P & { readonly value: number } {
  return point.value !== null;
}
