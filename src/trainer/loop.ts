/** The training loop. It knows the session, events and what it has been asked to do; when things are due is in `policy.ts`. */
import { setTimeout as wait } from 'node:timers/promises';
import { formatBytes } from '../util/format.js';
import type { TrainConfig } from '../config/schema.js';
import type { UpdateBatch } from '../data/loader.js';
import { OutOfMemory } from '../engine/contract.js';
import { UserError } from '../util/errors.js';
import type { CheckpointState } from './checkpoint.js';
import { trainingLoader } from './estimate.js';
import { evaluateRows } from './evaluate.js';
import { opposite, type Control, type Progress } from './events.js';
import { continuation, generateTokens, stopIdsOf } from './generate.js';
import { Meter, type UpdateFigures } from './meter.js';
import { writeOutput } from './output.js';
import { dueAfter, onNonFinite, smallerMicroBatch, totalUpdates } from './policy.js';
import { greedy } from './sampling.js';
import { Checkpoints } from './saving.js';
import type { Session } from './session.js';
import type { TrainContext } from './train.js';
import { clearGradients, NonFinite, runUpdate } from './update.js';

export async function runLoop(session: Session, context: TrainContext): Promise<void> {
  await new Loop(session, context).run();
}

class Loop {
  /** Replaced when a knob changes. */
  #session: Session;
  readonly #context: TrainContext;
  readonly #meter: Meter;
  readonly #checkpoints: Checkpoints;
  readonly #asked = new Set<Control>();
  #step: number;
  #position: CheckpointState['position'];
  #bestLoss: number | null;
  /** Updates in a row that were left out. */
  #skipped = 0;
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
    this.#start();
    if (this.#step === 0 && this.#session.experiment.train.eval_on_start) {
      await this.#evaluate();
      await this.#sample();
    }
    while (!this.#complete() && !this.#stopping()) {
      const batch = this.#session.loader.next();
      const figures = await this.#update(batch);
      if (figures === 'interrupted') break;
      if (figures === 'again') continue;
      this.#step++;
      this.#position = batch.position;
      if (figures !== 'skipped') this.#meter.add(figures);

      const due = dueAfter(this.#step, this.#session.totalSteps, this.#session.experiment.train);
      if (due.log && figures !== 'skipped') this.#context.emit(this.#meter.point(this.#progress, figures));
      const trained = performance.now();
      if (this.#take('evaluate') || due.evaluate) await this.#evaluate();
      if (this.#take('sample') || due.evaluate) await this.#sample();
      if (this.#take('save') || due.save) await this.#save();
      await this.#pause();
      this.#meter.exclude(performance.now() - trained);
    }
    await this.#finish();
  }

  /** Whether the last update has been made, after what was asked for so far has been changed. */
  #complete(): boolean {
    for (const change of this.#context.takeChanges()) this.#change(change);
    return this.#step >= this.#session.totalSteps;
  }

  get #progress(): Progress {
    const { loader, totalSteps } = this.#session;
    return { step: this.#step, total_steps: totalSteps, epoch: this.#step / loader.updatesPerEpoch };
  }

  #start(): void {
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
    // What was said before it was interrupted is in its history.
    for (const message of resumed ? [] : estimate.warnings) this.#context.emit({ type: 'warning', message });
    if (resumed) this.#context.emit({ type: 'resumed', ...this.#progress, checkpoint: resumed.folder });
  }

  /** One update, or what was made of one that could not be: nothing of it is left then. */
  async #update(batch: UpdateBatch): Promise<UpdateFigures | 'interrupted' | 'skipped' | 'again'> {
    try {
      const figures = await runUpdate(this.#session, batch, this.#step, this.#stopping);
      this.#skipped = 0;
      return figures ?? 'interrupted';
    } catch (error) {
      if (error instanceof NonFinite) return this.#leaveOut(error);
      if (error instanceof OutOfMemory) return this.#tryInParts(error);
      throw error;
    }
  }

  /** A loss that is not a number: the run goes on without the update, or ends with the last good weights saved. */
  async #leaveOut({ message }: NonFinite): Promise<'skipped'> {
    const { learning_rate, on_non_finite } = this.#session.experiment.train;
    const action = onNonFinite(on_non_finite, ++this.#skipped);
    if (action === 'stop') {
      await this.#save();
      await this.#checkpoints.settled();
      throw new UserError(`${message} Lower train.learning_rate, or look at the rows of that update.`);
    }
    await clearGradients(this.#session);
    this.#context.emit({ type: 'warning', message: `${message} This update is left out.` });
    if (action === 'lower_rate') this.#change({ learning_rate: learning_rate / 2 });
    return 'skipped';
  }

  /** The same update in smaller micro-batches, which take less memory at a time. */
  async #tryInParts(error: OutOfMemory): Promise<'again'> {
    const { train } = this.#session.experiment;
    const smaller = train.auto_find_batch_size ? smallerMicroBatch(train) : null;
    if (smaller === null) throw error;
    await clearGradients(this.#session);
    this.#change(smaller);
    const { experiment, data, padId } = this.#session;
    this.#session = { ...this.#session, loader: trainingLoader(experiment, data.train, { padId, position: this.#position }) };
    this.#context.emit({ type: 'warning', message: `Memory ran out at update ${this.#step + 1}: from now on ${smaller.per_device_train_batch_size} rows at a time, ${smaller.gradient_accumulation_steps} times an update. The updates stay the same.` });
    return 'again';
  }

  /** Sets knobs from here on, and says so. */
  #change(changes: Partial<TrainConfig>): void {
    const experiment = { ...this.#session.experiment, train: { ...this.#session.experiment.train, ...changes } };
    const totalSteps = Math.max(this.#step, totalUpdates(experiment.train, this.#session.loader.updatesPerEpoch));
    this.#session = { ...this.#session, experiment, totalSteps };
    this.#context.emit({ type: 'changed', ...this.#progress, changes });
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
      const asked = [...(await tokenizer.encode(prompt))];
      const { ids } = await generateTokens(executable, model, asked, {
        ...greedy,
        temperature,
        maxNewTokens: max_new_tokens,
        seed: experiment.train.seed,
        stopIds: stopIdsOf(model, tokenizer),
        interrupted: this.#stopping,
      });
      this.#context.emit({ type: 'sample', ...this.#progress, prompt, text: continuation(tokenizer, asked, ids) });
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
    const from = performance.now();
    while (!this.#stopping() && !this.#take('continue')) await wait(100);
    this.#meter.rest(performance.now() - from);
    if (!this.#stopping()) this.#context.emit({ type: 'resumed', ...this.#progress, checkpoint: null });
  }

  async #finish(): Promise<void> {
    const output = await writeOutput(this.#session, this.#context.runFolder);
    if (this.#complete()) {
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
