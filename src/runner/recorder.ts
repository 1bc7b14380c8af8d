/** Keeps what a run says: in the store, and for other people's tools as lines in `trainer_log.jsonl` and `samples.jsonl`, and as pictures. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { lossPlot, plottedRun } from '../export/plot.js';
import type { Store } from '../store/store.js';
import type { EvalEvent, StepEvent, TrainEvent } from '../trainer/events.js';
import { messageOf, UserError } from '../util/errors.js';
import { dropLinesAfter } from './journal.js';
import type { TimedEvent } from './protocol.js';
import type { Board } from './tensorboard.js';

export class Recorder {
  readonly #store: Store;
  readonly #runId: string;
  readonly #logFile: string;
  readonly #samplesFile: string;
  readonly #plotFile: string;
  readonly #board: Board | null;
  readonly #complain: (line: string) => void;
  /** Events that could not be written yet (a full disk, a locked store), oldest first. */
  readonly #waiting: TimedEvent[] = [];
  #lastStep: StepEvent | null = null;

  constructor(store: Store, { runId, folder, board = null, complain }: { runId: string; folder: string; board?: Board | null; complain: (line: string) => void }) {
    this.#store = store;
    this.#runId = runId;
    this.#logFile = join(folder, 'trainer_log.jsonl');
    this.#samplesFile = join(folder, 'samples.jsonl');
    this.#plotFile = join(folder, 'loss.svg');
    this.#board = board;
    this.#complain = complain;
  }

  /** Resolves when nothing waits any more, or after a minute of trying. */
  async settle(): Promise<void> {
    for (let tries = 0; this.#waiting.length > 0 && tries < 60; tries++) {
      await wait(1000);
      this.#flush();
    }
  }

  /** Never throws: a store that cannot be written must not cost the run. What waits goes with the next event. */
  record(timed: TimedEvent): void {
    this.#waiting.push(timed);
    this.#flush();
  }

  #flush(): void {
    while (this.#waiting.length > 0) {
      const [{ event, time }] = this.#waiting;
      try {
        this.#store.record(this.#runId, event, time);
        this.#log(event);
        this.#board?.record(event, time);
      } catch (error) {
        // A store that cannot be used now may be later; what it refuses for itself it would always refuse.
        if (error instanceof UserError) return this.#complain(`${this.#waiting.length} events wait to be recorded: ${messageOf(error)}`);
        this.#complain(`an event could not be recorded and is left out (${event.type}): ${messageOf(error)}`);
      }
      this.#waiting.shift();
    }
  }

  #plot(): void {
    const plot = lossPlot([plottedRun(this.#store, this.#store.run(this.#runId))]);
    if (plot !== null) writeFileSync(this.#plotFile, plot);
  }

  #log(event: TrainEvent): void {
    switch (event.type) {
      case 'started':
        dropLinesAfter(this.#logFile, 'current_steps', event.step);
        dropLinesAfter(this.#samplesFile, 'step', event.step);
        break;
      case 'step':
        this.#lastStep = event;
        appendLine(this.#logFile, logLine(event, event));
        break;
      case 'eval':
        appendLine(this.#logFile, logLine(event, this.#lastStep));
        break;
      case 'sample':
        appendLine(this.#samplesFile, { step: event.step, prompt: event.prompt, text: event.text });
        break;
      case 'completed':
      case 'stopped':
      case 'failed':
        this.#plot();
    }
  }
}

function appendLine(file: string, line: object): void {
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

/** The names are LLaMA-Factory's; times are seconds. An evaluation repeats where the training stood. */
function logLine(event: StepEvent | EvalEvent, last: StepEvent | null): Record<string, number | null> {
  return {
    current_steps: event.step,
    total_steps: event.total_steps,
    loss: event.type === 'step' ? event.loss : null,
    eval_loss: event.type === 'eval' ? event.eval_loss : null,
    learning_rate: last?.learning_rate ?? null,
    grad_norm: event.type === 'step' ? event.grad_norm : null,
    epoch: event.epoch,
    percentage: Number(((100 * event.step) / event.total_steps).toFixed(2)),
    elapsed_time: last?.elapsed_time ?? null,
    remaining_time: last?.remaining_time ?? null,
    throughput: last?.tokens_per_second ?? null,
    total_tokens: last?.tokens_seen ?? null,
  };
}
