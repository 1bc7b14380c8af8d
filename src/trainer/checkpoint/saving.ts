/** The checkpoints of one run: written when there is room, thinned out, mirrored. */
import { existsSync } from 'node:fs';
import { mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrainConfig } from '../../config/schema.js';
import { messageOf } from '../../util/errors.js';
import { formatBytes, formatNumber } from '../../util/format.js';
import { isBetter, type Score } from '../best.js';
import { bytesOf, checkpointSteps, readCheckpoint, type CheckpointState } from './checkpoint.js';
import type { Progress } from '../events.js';
import { Mirror } from './mirror.js';
import { checkpointBytes, writeCheckpoint } from './output.js';
import { surplusCheckpoints } from '../policy.js';
import type { Session } from '../session.js';
import type { TrainContext } from '../context.js';

/** Left free for whatever else writes to that disk. */
const spareBytes = 16e6;

/** What decides which checkpoints stay. */
type Kept = Pick<CheckpointState, 'best_checkpoint' | 'saves' | 'kept_for_good'>;

export class Checkpoints {
  readonly #session: Session;
  readonly #context: TrainContext;
  readonly #folder: string;
  readonly #mirror: Mirror | null;
  #kept: Kept;
  #savedStep = -1;

  constructor(session: Session, context: TrainContext) {
    const { checkpoint_mirror } = session.experiment;
    this.#session = session;
    this.#context = context;
    this.#folder = join(context.runFolder, 'checkpoints');
    this.#mirror = checkpoint_mirror === null ? null : new Mirror(checkpoint_mirror, context.runFolder, (message) => context.emit({ type: 'warning', message }));
    const { best_checkpoint, saves, kept_for_good } = session.resumed?.state ?? { best_checkpoint: null, saves: 0, kept_for_good: [] };
    // A branch begins with one checkpoint: the best of its parent may be another.
    const isThere = best_checkpoint !== null && existsSync(this.#folderOf(best_checkpoint.step));
    this.#kept = { best_checkpoint: isThere ? best_checkpoint : null, saves, kept_for_good };
  }

  /** The checkpoint of the best evaluation that has one. */
  get best(): Score | null {
    return this.#kept.best_checkpoint;
  }

  /** Says so where no checkpoint is left of the best evaluation by the run's plan, whose weights are wanted at the end. */
  tellLost(best: Score | null): void {
    const { load_best_model_at_end, metric_for_best_model: metric } = this.#train();
    if (!load_best_model_at_end || best?.metric !== metric || !isBetter(best, this.best)) return;
    this.#context.emit({ type: 'warning', message: `The best evaluation so far, with ${metric} ${formatNumber(best.value)} at update ${best.step}, has no checkpoint any more: the run will give the best weights of those that still have one.` });
  }

  /** Its folder; null, told as a warning, where it cannot be read any more. */
  async wholeBest(): Promise<string | null> {
    if (this.best === null) return null;
    const folder = this.#folderOf(this.best.step);
    try {
      await readCheckpoint(folder);
      return folder;
    } catch (error) {
      this.#context.emit({ type: 'warning', message: `The best weights cannot be given, so the last ones are: ${messageOf(error)}` });
      return null;
    }
  }

  /**
   * Saves where the run stands, because it is `due` or because it was asked for; `score` is that of the same step
   * where there is one. A save that fails leaves the old checkpoints as they are and is told as a warning: the run goes on.
   */
  async save(state: Omit<CheckpointState, keyof Kept>, progress: Progress, { score, due }: { readonly score: Score | null; readonly due: boolean }): Promise<void> {
    const { step } = state;
    if (this.#savedStep === step) return;
    const kept = this.#after(step, { score, due });
    const path = this.#folderOf(step);
    try {
      await this.#makeSureOfRoom();
      await writeCheckpoint(this.#session, path, { ...state, ...kept });
    } catch (error) {
      this.#context.emit({ type: 'warning', message: `The checkpoint at step ${step} could not be written: ${messageOf(error)}` });
      return;
    }
    this.#kept = kept;
    this.#savedStep = step;
    this.#context.emit({ type: 'checkpoint', ...progress, path, bytes: await bytesOf(path).catch(() => checkpointBytes(this.#session)) });
    await this.#thinOut(step).catch((error: unknown) => this.#context.emit({ type: 'warning', message: `Older checkpoints could not be removed: ${messageOf(error)}` }));
    this.#mirror?.copy(step);
  }

  #after(step: number, { score, due }: { readonly score: Score | null; readonly due: boolean }): Kept {
    const { save_keep_every: every } = this.#train();
    const { best_checkpoint: best, saves: before, kept_for_good } = this.#kept;
    const saves = before + Number(due);
    return {
      best_checkpoint: score !== null && isBetter(score, best) ? score : best,
      saves,
      kept_for_good: due && every > 0 && saves % every === 0 ? [...kept_for_good, step] : kept_for_good,
    };
  }

  /** Resolves when the mirror has everything. */
  async settled(): Promise<void> {
    await this.#mirror?.settled();
  }

  async #makeSureOfRoom(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const { bavail, bsize } = await statfs(this.#folder);
    const [free, wanted] = [bavail * bsize, checkpointBytes(this.#session)];
    if (free < wanted + spareBytes) throw new Error(`it takes ${formatBytes(wanted)} and ${formatBytes(free)} are free on the disk; free some, the run goes on meanwhile.`);
  }

  async #thinOut(newest: number): Promise<void> {
    const { save_total_limit: limit, save_best, load_best_model_at_end } = this.#train();
    const { best_checkpoint, kept_for_good: forGood } = this.#kept;
    const surplus = surplusCheckpoints(await checkpointSteps(this.#folder), { limit, newest, best: save_best || load_best_model_at_end ? (best_checkpoint?.step ?? null) : null, forGood });
    for (const step of surplus.filter((step) => this.#mirror?.takesOver(step) !== true)) await rm(this.#folderOf(step), { recursive: true, force: true });
  }

  #folderOf(step: number): string {
    return join(this.#folder, `step-${step}`);
  }

  #train(): TrainConfig {
    return this.#session.experiment.train;
  }
}
