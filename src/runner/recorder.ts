/** Keeps what a run says: in the store, and for other people's tools as lines in `trainer_log.jsonl` and `samples.jsonl`, and as pictures. */
import { appendFileSync, existsSync, statSync, truncateSync, writeFileSync } from 'node:fs';
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
  /** In the store, but not yet in the files beside it. */
  readonly #unlogged: TimedEvent[] = [];
  /** Said once, until it works again. */
  #complainedOfLog = false;
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

  /** Resolves when nothing waits any more, or after a minute of trying; after five seconds where only lines of files wait. */
  async settle(): Promise<void> {
    for (let tries = 0; (this.#waiting.length > 0 && tries < 60) || (this.#unlogged.length > 0 && tries < 5); tries++) {
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
      const [timed] = this.#waiting;
      try {
        this.#store.record(this.#runId, timed.event, timed.time);
        this.#unlogged.push(timed);
      } catch (error) {
        // A store that cannot be used now may be later; what it refuses for itself it would always refuse.
        if (error instanceof UserError) {
          this.#complain(`${this.#waiting.length} events wait to be recorded: ${messageOf(error)}`);
          break;
        }
        this.#complain(`an event could not be recorded and is left out (${timed.event.type}): ${messageOf(error)}`);
      }
      this.#waiting.shift();
    }
    this.#flushLog();
  }

  /** A full disk may have room again: the lines keep their order and none is left out. */
  #flushLog(): void {
    while (this.#unlogged.length > 0) {
      const [{ event, time }] = this.#unlogged;
      try {
        this.#log(event);
        this.#complainedOfLog = false;
      } catch (error) {
        if (!this.#complainedOfLog) this.#complain(`lines of its files wait to be written: ${messageOf(error)}`);
        this.#complainedOfLog = true;
        return;
      }
      this.#unlogged.shift();
      try {
        this.#board?.record(event, time);
      } catch (error) {
        this.#complain(`an event is left out for TensorBoard (${event.type}): ${messageOf(error)}`);
      }
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
        appendLine(this.#samplesFile, { step: event.step, prompt: event.prompt, text: event.text, ...(event.apart === undefined ? {} : { apart: event.apart }) });
        break;
      case 'completed':
      case 'stopped':
      case 'failed':
        this.#plot();
    }
  }
}

/** The whole line or nothing: half of one would swallow the next. */
function appendLine(file: string, line: object): void {
  const before = statSync(file, { throwIfNoEntry: false });
  try {
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  } catch (error) {
    if (before?.isFile() ?? existsSync(file)) truncateSync(file, before?.size ?? 0);
    throw error;
  }
}

/** The names are LLaMA-Factory's; times are seconds. An evaluation repeats where the training stood. */
function logLine(event: StepEvent | EvalEvent, last: StepEvent | null): Record<string, number | null | Readonly<Record<string, number>>> {
  return {
    current_steps: event.step,
    total_steps: event.total_steps,
    loss: event.type === 'step' ? event.loss : null,
    eval_loss: event.type === 'eval' ? event.eval_loss : null,
    ...(event.type === 'eval' && event.set_losses ? { eval_losses: event.set_losses } : {}),
    ...(event.type === 'eval' && event.scores ? Object.fromEntries(Object.entries(event.scores).map(([name, score]) => [`eval_${name}`, score])) : {}),
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
