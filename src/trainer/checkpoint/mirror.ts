/** A second place for the checkpoints of a run: a mounted drive, a network share. Enough is there to go on elsewhere. */
import { cp, mkdir, rename, rm, stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { sync } from '../../util/atomic.js';
import { messageOf } from '../../util/errors.js';
import { checkpointSteps, readCheckpoint, restoreMoved, writeWhole } from './checkpoint.js';

/** What goes along with the checkpoints: who the run is, what it does, its curve so far. */
const companions = ['run.json', 'experiment.yaml', 'module.ts', 'module.mts', 'module.js', 'module.mjs', 'trainer_log.jsonl'];

export class Mirror {
  readonly #runFolder: string;
  readonly #folder: string;
  readonly #complain: (sentence: string) => void;
  #work: Promise<void> = Promise.resolve();
  /** The step that is copied now, and the same again where the run needs it no more. */
  #copying: number | null = null;
  #surplus: number | null = null;

  /** Mirrors `runs/<id>` to `<place>/<id>`. */
  constructor(place: string, runFolder: string, complain: (sentence: string) => void) {
    this.#runFolder = runFolder;
    this.#folder = join(place, basename(runFolder));
    this.#complain = complain;
  }

  /** Copies a finished checkpoint while the run goes on, one after the other. What fails is complained of. */
  copy(step: number): void {
    this.#work = this.#work
      .then(() => this.#copy(step).finally(() => this.#drop()))
      .catch((error: unknown) => this.#complain(`The checkpoint at step ${step} could not be copied to ${this.#folder}: ${messageOf(error)}`));
  }

  /** Resolves when nothing is left to copy. */
  async settled(): Promise<void> {
    await this.#work;
  }

  /** Whether this checkpoint is being copied now: then it is removed by this mirror, once it has it. */
  takesOver(step: number): boolean {
    if (this.#copying !== step) return false;
    this.#surplus = step;
    return true;
  }

  async #drop(): Promise<void> {
    const surplus = this.#surplus;
    this.#copying = this.#surplus = null;
    if (surplus !== null) await rm(join(this.#runFolder, 'checkpoints', `step-${surplus}`), { recursive: true, force: true });
  }

  /** At any moment the old one or the new one is there, whole. */
  async #copyFile(from: string, to: string): Promise<void> {
    await cp(from, `${to}.tmp`);
    await sync(`${to}.tmp`);
    await rename(`${to}.tmp`, to);
  }

  async #copy(step: number): Promise<void> {
    const source = join(this.#runFolder, 'checkpoints', `step-${step}`);
    if (!existsSync(source)) return; // has made room for a newer one
    this.#copying = step;
    const target = join(this.#folder, 'checkpoints', `step-${step}`);
    await mkdir(join(this.#folder, 'checkpoints'), { recursive: true });
    restoreMoved(join(this.#folder, 'checkpoints'));
    await writeWhole(target, async (temporary) => {
      await cp(source, temporary, { recursive: true });
      await readCheckpoint(temporary);
    });
    for (const name of companions) {
      const file = join(this.#runFolder, name);
      if (await stat(file).catch(() => null)) await this.#copyFile(file, join(this.#folder, name));
    }
    await this.#drop();
    // What was just copied may be the only one here: it goes with the next.
    const kept = new Set(await checkpointSteps(join(this.#runFolder, 'checkpoints')));
    for (const old of await checkpointSteps(join(this.#folder, 'checkpoints'))) {
      if (!kept.has(old) && old !== step) await rm(join(this.#folder, 'checkpoints', `step-${old}`), { recursive: true, force: true });
    }
  }
}
