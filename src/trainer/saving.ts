/** The checkpoints of one run: written when there is room, thinned out, mirrored. */
import { mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../util/errors.js';
import { formatBytes } from '../util/format.js';
import { bytesOf, checkpointSteps, type CheckpointState } from './checkpoint.js';
import type { Progress } from './events.js';
import { Mirror } from './mirror.js';
import { checkpointBytes, writeCheckpoint } from './output.js';
import { surplusCheckpoints } from './policy.js';
import type { Session } from './session.js';
import type { TrainContext } from './train.js';

/** Left free for whatever else writes to that disk. */
const spareBytes = 16e6;

export class Checkpoints {
  readonly #session: Session;
  readonly #context: TrainContext;
  readonly #folder: string;
  readonly #mirror: Mirror | null;
  #best: CheckpointState['best_checkpoint'];
  #savedStep = -1;

  constructor(session: Session, context: TrainContext) {
    const { checkpoint_mirror } = session.experiment;
    this.#session = session;
    this.#context = context;
    this.#folder = join(context.runFolder, 'checkpoints');
    this.#mirror = checkpoint_mirror === null ? null : new Mirror(checkpoint_mirror, context.runFolder, (message) => context.emit({ type: 'warning', message }));
    this.#best = session.resumed?.state.best_checkpoint ?? null;
  }

  /**
   * Saves where the run stands; `evalLoss` is that of the same step where there is one. A save that fails leaves the
   * old checkpoints as they are and is told as a warning: the run goes on.
   */
  async save(state: Omit<CheckpointState, 'best_checkpoint'>, progress: Progress, evalLoss: number | null): Promise<void> {
    const { step } = state;
    if (this.#savedStep === step) return;
    const best = evalLoss !== null && evalLoss < (this.#best?.eval_loss ?? Infinity) ? { step, eval_loss: evalLoss } : this.#best;
    const path = join(this.#folder, `step-${step}`);
    try {
      await this.#makeSureOfRoom();
      await writeCheckpoint(this.#session, path, { ...state, best_checkpoint: best });
    } catch (error) {
      this.#context.emit({ type: 'warning', message: `The checkpoint at step ${step} could not be written: ${messageOf(error)}` });
      return;
    }
    this.#best = best;
    this.#savedStep = step;
    await this.#thinOut(step);
    this.#context.emit({ type: 'checkpoint', ...progress, path, bytes: await bytesOf(path) });
    this.#mirror?.copy(step);
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
    const surplus = surplusCheckpoints(await checkpointSteps(this.#folder), { limit: this.#session.experiment.train.save_total_limit, newest, best: this.#best?.step ?? null });
    for (const step of surplus) await rm(join(this.#folder, `step-${step}`), { recursive: true, force: true });
  }
}
