/** The training loop. It knows the session, events and what it has been asked to do; when things are due is in `policy.ts`. */
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { formatBytes } from '../util/format.js';
import { UserError } from '../util/errors.js';
import type { CheckpointState } from './checkpoint.js';
import { evaluateRows } from './evaluate.js';
import { opposite, type Control, type Progress } from './events.js';
import { generateTokens, stopIdsOf } from './generate.js';
import { dropLinesAfter } from './journal.js';
import { Meter } from './meter.js';
import { writeOutput } from './output.js';
import { dueAfter } from './policy.js';
import { greedy } from './sampling.js';
import { Checkpoints } from './saving.js';
import type { Session } from './session.js';
import type { TrainContext } from './train.js';
import { NonFinite, runUpdate } from './update.js';

export async function runLoop(session: Session, context: TrainContext): Promise<void> {
  await new Loop(session, context).run();
}

class Loop {
  readonly #session: Session;
  readonly #context: TrainContext;
  readonly #meter: Meter;
  readonly #checkpoints: Checkpoints;
  readonly #asked = new Set<Control>();
  #step: number;
  #position: CheckpointState['position'];
  #bestLoss: number | null;
  #lastEval: { readonly step: number; readonly loss: number } | null = null;

  constructor(session: Session, context: TrainContext) {
    this.#session = session;
    this.#context = context;
    this.#checkpoints = new Checkpoints(session, context);
    this.#meter = new Meter(session.resumed?.state ?? null);
    this.#step = session.resumed?.state.step ?? 0;
    this.#position = session.resumed?.state.position ?? session.loader.position;
    this.#bestLoss = session.resumed?.state.best_eval_loss ?? null;
  }

  async run(): Promise<void> {
    const { loader, totalSteps, experiment } = this.#session;
    this.#start();
    if (this.#step === 0 && experiment.train.eval_on_start) {
      await this.#evaluate();
      await this.#sample();
    }
    while (this.#step < totalSteps && !this.#stopping()) {
      const batch = loader.next();
      const figures = await this.#update(() => runUpdate(this.#session, batch, this.#step, this.#stopping));
      if (figures === null) break;
      this.#step++;
      this.#position = batch.position;
      this.#meter.add(figures);

      const due = dueAfter(this.#step, totalSteps, experiment.train);
      if (due.log) this.#context.emit(this.#meter.point(this.#progress, figures));
      const trained = performance.now();
      if (this.#take('evaluate') || due.evaluate) await this.#evaluate();
      if (this.#take('sample') || due.evaluate) await this.#sample();
      if (this.#take('save') || due.save) await this.#save();
      await this.#pause();
      this.#meter.exclude(performance.now() - trained);
    }
    await this.#finish();
  }

  get #samplesFile(): string {
    return join(this.#context.runFolder, 'samples.jsonl');
  }

  get #progress(): Progress {
    const { loader, totalSteps } = this.#session;
    return { step: this.#step, total_steps: totalSteps, epoch: this.#step / loader.updatesPerEpoch };
  }

  #start(): void {
    dropLinesAfter(this.#samplesFile, 'step', this.#step);
    const { tuning, model, estimate, data, engine, resumed } = this.#session;
    this.#context.emit({
      type: 'started',
      ...this.#progress,
      trainable_parameters: estimate.trainable_parameters,
      total_parameters: estimate.total_parameters,
      estimated_memory_bytes: estimate.memory_bytes,
      train_rows: data.train.length,
      eval_rows: data.eval?.length ?? 0,
      engine,
    });
    this.#context.log(`${model.modelType}: ${tuning.trainable.length} trained tensors, ${estimate.trainable_parameters} parameters; ${engine}; about ${formatBytes(estimate.memory_bytes)}`);
    for (const message of estimate.warnings) this.#context.emit({ type: 'warning', message });
    if (resumed) this.#context.emit({ type: 'resumed', ...this.#progress, checkpoint: resumed.folder });
  }

  /** A loss that is not a number ends the run with the last good weights saved. */
  async #update<T>(update: () => Promise<T>): Promise<T> {
    try {
      return await update();
    } catch (error) {
      if (!(error instanceof NonFinite)) throw error;
      await this.#save();
      await this.#checkpoints.settled();
      throw new UserError(`${error.message} Lower train.learning_rate, or look at the rows of that update.`);
    }
  }

  async #evaluate(): Promise<void> {
    const { data, executable, experiment, model, padId } = this.#session;
    if (!data.eval) return;
    const before = performance.now();
    const result = await evaluateRows(executable, data.eval, { batchSize: experiment.train.per_device_eval_batch_size, vocabSize: model.vocabSize, padId, interrupted: this.#stopping });
    if (result === null) return;
    this.#lastEval = { step: this.#step, loss: result.loss };
    this.#bestLoss = Math.min(this.#bestLoss ?? Infinity, result.loss);
    this.#context.emit({
      type: 'eval',
      ...this.#progress,
      eval_loss: result.loss,
      perplexity: result.perplexity,
      accuracy: experiment.dataset.format === 'classification' ? result.accuracy : null,
      eval_seconds: (performance.now() - before) / 1000,
    });
  }

  async #sample(): Promise<void> {
    const { experiment, tokenizer, executable, model } = this.#session;
    const { prompts, max_new_tokens, temperature } = experiment.sample;
    for (const prompt of prompts) {
      const { ids } = await generateTokens(executable, model, [...(await tokenizer.encode(prompt))], {
        ...greedy,
        temperature,
        maxNewTokens: max_new_tokens,
        seed: experiment.train.seed,
        stopIds: stopIdsOf(model, tokenizer),
        interrupted: this.#stopping,
      });
      const text = tokenizer.decode(ids);
      this.#context.emit({ type: 'sample', ...this.#progress, prompt, text });
      await appendFile(this.#samplesFile, `${JSON.stringify({ step: this.#step, prompt, text })}\n`);
    }
  }

  async #save(): Promise<void> {
    const state = {
      step: this.#step,
      total_steps: this.#session.totalSteps,
      position: this.#position,
      best_eval_loss: this.#bestLoss,
      tokens_seen: this.#meter.tokensSeen,
      elapsed_time: this.#meter.elapsed,
    };
    await this.#checkpoints.save(state, this.#progress, this.#lastEval?.step === this.#step ? this.#lastEval.loss : null);
  }

  async #pause(): Promise<void> {
    if (!this.#take('pause')) return;
    await this.#save();
    this.#context.emit({ type: 'paused', ...this.#progress });
    while (!this.#stopping() && !this.#take('continue')) await wait(100);
    if (!this.#stopping()) this.#context.emit({ type: 'resumed', ...this.#progress, checkpoint: '' });
  }

  async #finish(): Promise<void> {
    const output = await writeOutput(this.#session, this.#context.runFolder);
    if (this.#step >= this.#session.totalSteps) {
      await this.#checkpoints.settled();
      this.#context.emit({ type: 'completed', ...this.#progress, output, peak_memory_bytes: process.resourceUsage().maxRSS * 1024 });
      return;
    }
    await this.#save();
    await this.#checkpoints.settled();
    this.#context.emit({ type: 'stopped', ...this.#progress, reason: 'stopped by the user', output });
  }

  readonly #stopping = (): boolean => {
    for (const control of this.#context.takeControls()) {
      const undone = opposite[control];
      if (undone !== undefined) this.#asked.delete(undone);
      this.#asked.add(control);
    }
    return this.#asked.has('stop');
  };

  #take(control: Control): boolean {
    this.#stopping();
    return this.#asked.delete(control);
  }
}
