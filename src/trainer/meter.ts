import { median } from './calibration.js';
import type { CheckpointState } from './checkpoint/checkpoint.js';
import type { Progress, StepEvent } from './events.js';

export interface UpdateFigures {
  /** Sum of the losses of the update's label tokens by weight, and their weight: their number where all weigh 1. */
  readonly lossSum: number;
  readonly weight: number;
  /** Tokens computed, padding not counted. */
  readonly tokens: number;
  readonly gradNorm: number;
  readonly learningRate: number;
}

/** Updates whose time is remembered. */
const timedUpdates = 200;

/** Turns updates into logged points: means over the updates since the last point, times over resumes. */
export class Meter {
  #lossSum: number;
  #weight: number;
  #tokens: number;
  /** Of them, those before this process. */
  #tokensBefore: number;
  #since = performance.now();
  #started = performance.now();

  /** Of the last updates of this process, but for its first, in which engines prepare themselves. */
  readonly #updateSeconds: number[] = [];
  #updates = 0;

  /** Totals of the run, resumed parts included. */
  tokensSeen: number;
  readonly #elapsedBefore: number;
  readonly #stepsBefore: number;

  constructor(resumed: Pick<CheckpointState, 'step' | 'tokens_seen' | 'elapsed_time' | 'unlogged'> | null) {
    const { loss_sum, labels, tokens } = resumed?.unlogged ?? { loss_sum: 0, labels: 0, tokens: 0 };
    this.#lossSum = loss_sum;
    this.#weight = labels;
    this.#tokens = this.#tokensBefore = tokens;
    this.tokensSeen = resumed?.tokens_seen ?? 0;
    this.#elapsedBefore = resumed?.elapsed_time ?? 0;
    this.#stepsBefore = resumed?.step ?? 0;
  }

  /** What the next logged point is made of, so far. */
  get unlogged(): CheckpointState['unlogged'] {
    return { loss_sum: this.#lossSum, labels: this.#weight, tokens: this.#tokens };
  }

  /** Seconds of training so far. */
  get elapsed(): number {
    return this.#elapsedBefore + (performance.now() - this.#started) / 1000;
  }

  /** The median of an update's time in seconds; null before some were made. */
  get secondsPerUpdate(): number | null {
    return this.#updateSeconds.length < 3 ? null : median(this.#updateSeconds);
  }

  /** Counts an update that took so many seconds. */
  add({ lossSum, weight, tokens }: UpdateFigures, seconds: number): void {
    if (++this.#updates > 1) this.#updateSeconds.push(seconds);
    if (this.#updateSeconds.length > timedUpdates) this.#updateSeconds.shift();
    this.#lossSum += lossSum;
    this.#weight += weight;
    this.#tokens += tokens;
    this.tokensSeen += tokens;
  }

  /** Takes time that was not training (an evaluation, a pause) out of the speed. */
  exclude(milliseconds: number): void {
    this.#since += milliseconds;
  }

  /** Takes a pause out of the time of the run too, and so out of what is predicted. */
  rest(milliseconds: number): void {
    this.#started += milliseconds;
  }

  /** The point to log now; begins the next interval. */
  point(progress: Progress, { gradNorm, learningRate }: UpdateFigures): StepEvent {
    const now = performance.now();
    const perStep = (now - this.#started) / 1000 / Math.max(1, progress.step - this.#stepsBefore);
    const event: StepEvent = {
      type: 'step',
      ...progress,
      loss: this.#lossSum / this.#weight,
      learning_rate: learningRate,
      grad_norm: gradNorm,
      tokens_seen: this.tokensSeen,
      tokens_per_second: (1000 * (this.#tokens - this.#tokensBefore)) / Math.max(1e-3, now - this.#since),
      elapsed_time: this.elapsed,
      remaining_time: perStep * (progress.total_steps - progress.step),
      memory_bytes: process.memoryUsage.rss(),
    };
    this.#lossSum = this.#weight = this.#tokens = this.#tokensBefore = 0;
    this.#since = now;
    return event;
  }
}
