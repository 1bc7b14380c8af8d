/** The training loop: updates, and what is due between them. When that is, and what is done about trouble, is in files of its own. */
import { setTimeout as wait } from 'node:timers/promises';
import type { TrainConfig } from '../config/schema.js';
import type { UpdateBatch } from '../data/batch/loader.js';
import type { EncodedRows } from '../data/rows.js';
import { OutOfMemory } from '../engine/contract.js';
import type { TextScores } from '../metrics/texts.js';
import { messageOf, UserError } from '../util/errors.js';
import { counted, formatBytes } from '../util/format.js';
import { Asked } from './asked.js';
import { isBetter, scoreOf, type Score } from './best.js';
import { measurementOf } from './calibration.js';
import type { CheckpointState } from './checkpoint/checkpoint.js';
import { evaluateRows, type Evaluation } from './evaluate.js';
import { fillingOf } from './filling.js';
import { stopReasons, type EvalEvent, type Measurement, type Progress } from './events.js';
import { Judge } from './judge.js';
import { afterOverflow, afterUpdate, firstLossScale, GradientOverflow, lossScaleIn, type LossScale } from './recovery/loss-scale.js';
import { Meter, type UpdateFigures } from './meter.js';
import { writeOutput } from './checkpoint/output.js';
import { leftToCpu } from './placement.js';
import { dueAfter, totalUpdates } from './policy.js';
import { inSmallerParts, Recovery } from './recovery/recovery.js';
import { RefusedUpdate } from './recovery/refusal.js';
import { scoreAnswers } from './generate/answers.js';
import { samplesOf } from './generate/samples.js';
import { Checkpoints } from './checkpoint/saving.js';
import type { Session } from './session.js';
import type { TrainContext } from './context.js';
import { clearGradients, runUpdate } from './update.js';

export async function runLoop(session: Session, context: TrainContext): Promise<void> {
  await new Loop(session, context).run();
}

type Measured = Evaluation & { readonly scores: TextScores | null };

class Loop {
  /** Replaced when a knob changes. */
  #session: Session;
  readonly #context: TrainContext;
  readonly #meter: Meter;
  readonly #checkpoints: Checkpoints;
  readonly #recovery: Recovery;
  readonly #judge: Judge;
  readonly #asked: Asked;
  /** Of f16, and passed on by a run in another precision. */
  #lossScale: LossScale;
  #step: number;
  #position: CheckpointState['position'];
  /** The update that was last tried in smaller parts. */
  #triedAt = -1;
  #placementTold = false;
  /** Of the last evaluation. */
  #score: Score | null = null;
  /** Whether the run's own plan wants this step evaluated, and it has not been yet: what a stop interrupts is made up by the process that goes on. */
  #evaluationDue: boolean;

  constructor(session: Session, context: TrainContext) {
    this.#session = session;
    this.#context = context;
    this.#checkpoints = new Checkpoints(session, context);
    this.#meter = new Meter(session.resumed?.state ?? null);
    this.#recovery = new Recovery(context, session.resumed?.state.recovery ?? null);
    this.#judge = new Judge(session.resumed?.state ?? null);
    this.#lossScale = session.resumed?.state.loss_scale ?? firstLossScale;
    this.#asked = new Asked(() => context.takeControls());
    this.#step = session.resumed?.state.step ?? 0;
    this.#position = session.resumed?.state.position ?? session.loader.position;
    this.#evaluationDue = session.resumed?.state.evaluation_due ?? false;
  }

  async run(): Promise<void> {
    this.#start();
    if (this.#step === 0 && this.#session.experiment.train.eval_on_start) {
      await this.#evaluate();
      await this.#sample();
    }
    await this.#makeUp();
    while (!this.#over()) {
      const batch = this.#session.loader.next();
      const begun = performance.now();
      const figures = await this.#update(batch);
      if (figures === 'interrupted' || figures === 'again') continue;
      this.#tellPlacement();
      this.#step++;
      this.#position = batch.position;
      if (figures !== 'skipped') this.#meter.add(figures, (performance.now() - begun) / 1000);

      const due = dueAfter({ step: this.#step, total: this.#session.totalSteps, epochEnded: batch.position.index === 0 }, this.#session.experiment.train);
      if (due.log && figures !== 'skipped') this.#context.emit(this.#meter.point(this.#progress, figures));
      const trained = performance.now();
      this.#evaluationDue = due.evaluate;
      const isAsked = this.#asked.take('evaluate');
      if (isAsked || due.evaluate || this.#atStop) {
        const isDone = await this.#evaluate();
        if (isAsked && !isDone) this.#asked.keep('evaluate');
      }
      if (this.#asked.take('sample') || due.evaluate) await this.#sample();
      if (this.#asked.take('save') || due.save || this.#isBest) await this.#save(due.save);
      await this.#pause();
      this.#meter.exclude(performance.now() - trained);
    }
    await this.#finish();
  }

  /** What the process before this one left undone at this very update: an evaluation that was interrupted, or the one it was to stop after. */
  async #makeUp(): Promise<void> {
    const wasInterrupted = this.#evaluationDue;
    if (wasInterrupted || (this.#step > 0 && this.#atStop && !this.#complete)) await this.#evaluate();
    if (wasInterrupted) await this.#sample();
    if (wasInterrupted && this.#isBest) await this.#save();
  }

  /** Once, when a micro-step has run. */
  #tellPlacement(): void {
    if (this.#placementTold) return;
    this.#placementTold = true;
    const message = leftToCpu(this.#session.executable);
    if (message !== null) this.#context.emit({ type: 'warning', message });
  }

  /** Whether the run ends here, after what was asked for so far has been changed: from then on it takes no changes. */
  #over(): boolean {
    do {
      this.#takeChanges();
      if (!this.#complete && !this.#atStop && !this.#asked.stopping()) return false;
    } while (!this.#context.closeChanges());
    return true;
  }

  #takeChanges(): void {
    for (const change of this.#context.takeChanges()) this.#change(change);
  }

  get #complete(): boolean {
    return !this.#evaluationDue && (this.#step >= this.#session.totalSteps || this.#earlyEnd !== null);
  }

  /** Why it is complete before its last update. */
  get #earlyEnd(): string | null {
    return this.#step < this.#session.totalSteps ? this.#judge.earlyEnd(this.#session.experiment.train) : null;
  }

  /** Whether the weights are the best so far, of which the run will give the last such ones. */
  get #isBest(): boolean {
    const score = this.#score;
    return this.#session.experiment.train.load_best_model_at_end && score?.step === this.#step && isBetter(score, this.#checkpoints.best);
  }

  /** Whether this is as far as it is to go for now; its schedule is that of the whole run. */
  get #atStop(): boolean {
    const { stop_at } = this.#session.experiment.train;
    return stop_at !== null && this.#step >= stop_at;
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
      sets: data.shares,
    });
    this.#context.log(`${model.modelType}: ${tuning.trainable.length} trained tensors, ${estimate.trainable_parameters} parameters; ${engine}; about ${formatBytes(estimate.memory_bytes)}`);
    // What was said before it was interrupted is in its history.
    for (const message of resumed ? [] : estimate.warnings) this.#context.emit({ type: 'warning', message });
    if (resumed === null) return;
    this.#context.emit({ type: 'resumed', ...this.#progress, checkpoint: resumed.folder });
    this.#checkpoints.tellLost(this.#judge.state.watch.best);
  }

  /** One update, or what was made of one that could not be: nothing of it is left then. */
  async #update(batch: UpdateBatch): Promise<UpdateFigures | 'interrupted' | 'skipped' | 'again'> {
    const { train } = this.#session.experiment;
    try {
      const figures = await runUpdate(this.#session, batch, { step: this.#step, lossLimit: this.#recovery.lossLimit(train), rateFactor: this.#recovery.rateFactor(train) * this.#judge.rateFactor(train), lossScale: lossScaleIn(this.#session.tuning.half, this.#lossScale), interrupted: this.#asked.stopping });
      if (figures === null) return 'interrupted';
      this.#lossScale = afterUpdate(this.#lossScale, this.#session.tuning.half);
      this.#recovery.passed(figures.lossSum / figures.weight, train);
      return figures;
    } catch (error) {
      if (error instanceof GradientOverflow) return this.#shrinkScale(error);
      if (error instanceof RefusedUpdate) return this.#leaveOut(error);
      if (error instanceof OutOfMemory) return this.#tryInParts(error);
      throw error;
    }
  }

  /** The update is left out, and the next is tried with smaller gradients: how a run in f16 finds its scale. */
  async #shrinkScale({ message }: GradientOverflow): Promise<'skipped'> {
    this.#lossScale = afterOverflow(this.#lossScale);
    this.#context.log(`At update ${this.#step + 1} ${message}: it is left out, and the scale is ${this.#lossScale.scale} from here on`);
    await clearGradients(this.#session);
    return 'skipped';
  }

  /** The run goes on without the update, or ends with the last good weights saved. */
  async #leaveOut(refused: RefusedUpdate): Promise<'skipped'> {
    if (!this.#recovery.leavesOut(refused, this.#session)) {
      do this.#takeChanges(); while (!this.#context.closeChanges());
      await this.#save();
      await this.#checkpoints.settled();
      throw refused;
    }
    await clearGradients(this.#session);
    return 'skipped';
  }

  /** The same update in smaller micro-batches, and all that come. */
  async #tryInParts(error: OutOfMemory): Promise<'again'> {
    // Twice at one update: what this process has spent on the first try does not come back; a fresh one has it.
    if (this.#triedAt === this.#step) throw error;
    this.#triedAt = this.#step;
    const smaller = inSmallerParts(this.#session, this.#position);
    if (smaller === null) throw error;
    await clearGradients(this.#session);
    this.#session = smaller.session;
    const { per_device_train_batch_size: rows, gradient_accumulation_steps: parts } = smaller.session.experiment.train;
    this.#context.emit({ type: 'changed', ...this.#progress, changes: smaller.changes });
    this.#context.emit({ type: 'warning', message: `Memory ran out at update ${this.#step + 1}: from now on ${rows} rows at a time, ${parts} times an update. The updates stay the same.` });
    return 'again';
  }

  /** Sets knobs from here on, and says so. */
  #change(changes: Partial<TrainConfig>): void {
    const experiment = { ...this.#session.experiment, train: { ...this.#session.experiment.train, ...changes } };
    const totalSteps = Math.max(this.#step, totalUpdates(experiment.train, this.#session.loader.updatesPerEpoch));
    this.#session = { ...this.#session, experiment, totalSteps };
    this.#context.emit({ type: 'changed', ...this.#progress, changes });
  }

  /** The run goes by what was due by its own plan; not by what was asked for, or by what the base can do. False when a stop came first. */
  async #evaluate(): Promise<boolean> {
    const { data } = this.#session;
    const before = performance.now();
    const result = data.eval ? await this.#evaluation(data.eval) : null;
    if (result === 'interrupted') return false;
    if (result !== null) this.#tellEvaluation(result, (performance.now() - before) / 1000);
    if (data.eval && this.#evaluationDue) this.#judge.judge(result === null ? null : this.#score, this.#session.experiment.train);
    this.#evaluationDue = false;
    return true;
  }

  #tellEvaluation(result: Measured, seconds: number): void {
    const { experiment } = this.#session;
    const event: EvalEvent = {
      type: 'eval',
      ...this.#progress,
      eval_loss: result.loss,
      perplexity: result.perplexity,
      accuracy: experiment.dataset.format === 'classification' ? result.accuracy : null,
      eval_seconds: seconds,
      ...(result.sets.length === 0 ? {} : { set_losses: Object.fromEntries(result.sets.map((set) => [set.name, set.loss])) }),
      ...(result.scores === null ? {} : { scores: result.scores }),
    };
    this.#score = scoreOf(event, experiment.train);
    this.#context.emit(event);
  }

  /** In smaller batches where memory runs out: the loss stays the same. Null when even one row at a time is too much. */
  async #evaluation(rows: EncodedRows): Promise<Measured | 'interrupted' | null> {
    for (;;) {
      const { executable, experiment, model, padId, layout } = this.#session;
      const { per_device_eval_batch_size: batchSize, auto_find_batch_size: mayShrink } = experiment.train;
      try {
        const interrupted = this.#asked.stopping;
        const result = await evaluateRows(executable, rows, { batchSize, vocabSize: model.vocabSize, padId, layout, ...fillingOf(experiment, model), interrupted });
        const scores = result && (await scoreAnswers(this.#session, rows, this.#context, interrupted));
        return result === null || scores === 'interrupted' ? 'interrupted' : { ...result, scores };
      } catch (error) {
        if (!(error instanceof OutOfMemory)) throw error;
        const where = `Memory ran out in the evaluation at step ${this.#step}`;
        if (!mayShrink) throw new UserError(`${where}: lower train.per_device_eval_batch_size (it is ${batchSize}) or max_length.`);
        if (batchSize === 1) {
          this.#context.emit({ type: 'warning', message: `${where}, with one row at a time: it is left out.` });
          return null;
        }
        const smaller = Math.floor(batchSize / 2);
        this.#change({ per_device_eval_batch_size: smaller });
        this.#context.emit({ type: 'warning', message: `${where}: from now on it takes ${counted(smaller, 'row')} at a time. Its loss stays the same.` });
      }
    }
  }

  async #sample(): Promise<void> {
    try {
      for await (const sample of samplesOf(this.#session, this.#asked.stopping)) this.#context.emit({ type: 'sample', ...this.#progress, ...sample });
    } catch (error) {
      if (!(error instanceof OutOfMemory)) throw error;
      this.#context.emit({ type: 'warning', message: `Memory ran out while samples were written at step ${this.#step}: the others are left out.` });
    }
  }

  /** `due`: by the run's own plan, not because it was asked for or has to end. */
  async #save(due = false): Promise<void> {
    const state = {
      step: this.#step,
      total_steps: this.#session.totalSteps,
      position: this.#position,
      ...this.#judge.state,
      evaluation_due: this.#evaluationDue,
      recovery: this.#recovery.state,
      loss_scale: this.#lossScale,
      unlogged: this.#meter.unlogged,
      tokens_seen: this.#meter.tokensSeen,
      elapsed_time: this.#meter.elapsed,
    };
    await this.#checkpoints.save(state, this.#progress, { score: this.#score?.step === this.#step ? this.#score : null, due });
  }

  async #pause(): Promise<void> {
    if (!this.#asked.take('pause')) return;
    await this.#save();
    this.#context.emit({ type: 'paused', ...this.#progress });
    const from = performance.now();
    while (!this.#asked.stopping() && !this.#asked.take('continue')) await wait(100);
    this.#meter.rest(performance.now() - from);
    if (!this.#asked.stopping()) this.#context.emit({ type: 'resumed', ...this.#progress, checkpoint: null });
  }

  async #finish(): Promise<void> {
    // What a run can go on from comes before what it would only be nice to have.
    if (this.#step < this.#session.totalSteps) await this.#save();
    const { best, output } = await this.#writeOutput();
    if (this.#complete && output !== null) {
      await this.#checkpoints.settled();
      const peak = Math.max(process.resourceUsage().maxRSS * 1024, this.#session.tokenisingBytes);
      const reason = this.#earlyEnd;
      this.#context.emit({ type: 'completed', ...this.#progress, output, ...(reason === null ? {} : { reason }), ...(best === null ? {} : { best }), peak_memory_bytes: peak, measurement: this.#measurement(peak) });
      return;
    }
    await this.#checkpoints.settled();
    if (this.#asked.take('evaluate')) this.#context.emit({ type: 'warning', message: 'The evaluation that was asked for is not done: the run was stopped first.' });
    const reason = this.#asked.stopping() ? this.#asked.reason : stopReasons.planned;
    this.#context.emit({ type: 'stopped', ...this.#progress, reason, output, ...(best === null ? {} : { best }) });
  }

  /**
   * Its folder, and the evaluation whose weights are in it where they are not the last ones. One that cannot be written fails a
   * complete run, which has a checkpoint then; a stopped run only lacks it: null.
   */
  async #writeOutput(): Promise<{ readonly best: Score | null; readonly output: string | null }> {
    try {
      const checkpoint = this.#session.experiment.train.load_best_model_at_end ? await this.#checkpoints.wholeBest() : null;
      const output = await writeOutput(this.#session, this.#context.runFolder, checkpoint);
      return { best: checkpoint === null || this.#checkpoints.best?.step === this.#step ? null : this.#checkpoints.best, output };
    } catch (error) {
      if (this.#complete) {
        await this.#save();
        await this.#checkpoints.settled();
        throw error;
      }
      this.#context.emit({ type: 'warning', message: `What it has learned could not be written: ${messageOf(error)}` });
      return { best: null, output: null };
    }
  }

  #measurement(peakBytes: number): Measurement | null {
    const { measured, experiment, estimate } = this.#session;
    const { secondsPerUpdate } = this.#meter;
    return measured === null || secondsPerUpdate === null ? null : measurementOf(experiment, estimate, { ...measured, peakBytes, secondsPerUpdate });
  }
}
