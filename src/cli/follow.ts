/** The events of a run, read back from the store: what somebody sees who attaches to it. */
import { textScoreNames, type TextScores } from '../metrics/texts.js';
import { setLossPrefix, type HistoryRow, type MetricPoint, type RunRecord, type RunState, type StoreReader } from '../store/rows.js';
import type { EvalEvent, StepEvent, TrainEvent } from '../trainer/events.js';

/** An event with its time in ISO 8601. */
export interface TimedEvent {
  readonly time: string;
  readonly event: TrainEvent;
}

type Timed<Event extends TrainEvent = TrainEvent> = { readonly time: number; readonly event: Event };

/** Hands out what is new since it was last asked. */
export class Follower {
  readonly #reader: StoreReader;
  readonly #runId: string;
  #cursor = 0;
  #told = 0;
  #parts: readonly Part[] = [];
  #first = true;

  constructor(reader: StoreReader, runId: string) {
    this.#reader = reader;
    this.#runId = runId;
  }

  /** In the order of their times. The first call gives only where the run stands: its start, last evaluation and last step, and its end. */
  news(): TimedEvent[] {
    const { points, cursor } = this.#reader.metricsSince(this.#runId, this.#cursor);
    const { rows: history, cursor: heard } = this.#reader.historySince(this.#runId, this.#told);
    const run = this.#reader.run(this.#runId); // last: an end that is told is its state then
    const told = history.flatMap(toldEvent);
    this.#parts = [...this.#parts, ...partsOf(history)];
    const all = [...told, ...measuredEvents(points, run, this.#parts)].sort((a, b) => a.time - b.time).map(({ time, event }) => ({ time: new Date(time).toISOString(), event }));
    const first = this.#first;
    this.#cursor = cursor;
    this.#told = heard;
    this.#first = false;
    return first ? standing(all, run) : all;
  }
}

function standing(events: readonly TimedEvent[], { state }: RunRecord): TimedEvent[] {
  const last = new Map(events.map((timed) => [timed.event.type, timed]));
  return (['started', 'eval', 'step', ...endOf(state)] as const).flatMap((type) => last.get(type) ?? []);
}

/** The closing event of a run in this state; one that waits or runs again has only earlier ends behind it. */
function endOf(state: RunState): ('completed' | 'stopped' | 'failed')[] {
  return state === 'completed' || state === 'stopped' || state === 'failed' ? [state] : [];
}

/** Events are kept whole, but for steps and evaluations; a control by hand is no event of the run. */
function toldEvent({ time, type, step, details }: HistoryRow): Timed[] {
  if (type === 'control') return [];
  return [{ time: Date.parse(time), event: { type, ...(step === null ? {} : { step }), ...details } as TrainEvent }];
}

/** Where and when a run began, or went on: the time between is no training. */
interface Part {
  readonly step: number;
  readonly time: number;
}

function partsOf(history: readonly HistoryRow[]): Part[] {
  return history.flatMap(({ type, step, time }) => (type === 'started' || type === 'resumed' ? [{ step: step ?? 0, time: Date.parse(time) }] : []));
}

/** Points of one step are one event again. */
function measuredEvents(points: readonly MetricPoint[], run: RunRecord, parts: readonly Part[]): Timed[] {
  const bySteps = new Map<number, { time: number; values: Map<string, number> }>();
  for (const { step, time, key, value } of points) {
    const at = bySteps.get(step) ?? { time: 0, values: new Map<string, number>() };
    bySteps.set(step, { time: Math.max(at.time, Date.parse(time)), values: at.values.set(key, value) });
  }
  return [...bySteps].flatMap(([step, { time, values }]) => [
    ...(values.has('loss') ? [{ time, event: stepEvent({ step, time, values, run, parts }) }] : []),
    ...(values.has('eval_loss') ? [{ time, event: evalEvent({ step, values, run }) }] : []),
  ]);
}

interface Measured {
  readonly step: number;
  readonly values: ReadonlyMap<string, number>;
  readonly run: RunRecord;
}

/** The time left at the pace since it last began or went on, as the store does not keep what was predicted. */
function stepEvent({ step, time, values, run, parts }: Measured & { readonly time: number; readonly parts: readonly Part[] }): StepEvent {
  const total_steps = run.total_steps ?? step;
  const part = parts.findLast((each) => each.time <= time && each.step < step);
  const pace = part === undefined ? 0 : (time - part.time) / 1000 / (step - part.step);
  return {
    type: 'step',
    ...progress(step, run),
    loss: values.get('loss') ?? NaN,
    learning_rate: values.get('learning_rate') ?? NaN,
    grad_norm: values.get('grad_norm') ?? NaN,
    tokens_seen: values.get('tokens_seen') ?? 0,
    tokens_per_second: values.get('tokens_per_second') ?? 0,
    elapsed_time: workedAt(time, run, parts.at(-1)?.time ?? 0),
    remaining_time: pace * (total_steps - step),
    memory_bytes: values.get('memory_bytes') ?? 0,
  };
}

/** Seconds that it had worked at a time: what it has, less what came after; of an earlier part than the one that began last, up to that one. */
function workedAt(time: number, { worked_seconds, working_since, ended_at }: RunRecord, began: number): number {
  const last = working_since ?? ended_at;
  return Math.max(0, (worked_seconds ?? 0) - (last === null ? 0 : Math.max(0, Date.parse(last) - Math.max(time, began)) / 1000));
}

function evalEvent({ step, values, run }: Measured): EvalEvent {
  const setLosses = [...values].flatMap(([key, value]) => (key.startsWith(setLossPrefix) ? [[key.slice(setLossPrefix.length), value] as const] : []));
  return {
    type: 'eval',
    ...progress(step, run),
    eval_loss: values.get('eval_loss') ?? NaN,
    perplexity: values.get('perplexity') ?? NaN,
    accuracy: values.get('accuracy') ?? null,
    eval_seconds: null,
    ...(setLosses.length === 0 ? {} : { set_losses: Object.fromEntries(setLosses) }),
    ...(values.has('rouge1') ? { scores: Object.fromEntries(textScoreNames.map((name) => [name, values.get(name) ?? NaN])) as TextScores } : {}),
  };
}

/** Epochs grow evenly with the steps. */
function progress(step: number, run: RunRecord): { step: number; total_steps: number; epoch: number } {
  const epoch = run.step === 0 ? 0 : ((run.epoch ?? 0) * step) / run.step;
  return { step, total_steps: run.total_steps ?? step, epoch };
}
