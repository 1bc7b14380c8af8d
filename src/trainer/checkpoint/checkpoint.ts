/**
 * A checkpoint is a folder, written whole or not at all: filled under a temporary name, synced, then renamed.
 *
 *   adapter_model.safetensors, adapter_config.json   or   model.safetensors, config.json
 *   optimizer.safetensors        both moments of every trained parameter
 *   trainer_state.json           step, data position, best loss; size and SHA-256 of every other file
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { loaderPositionSchema } from '../../data/batch/loader.js';
import { sync } from '../../util/atomic.js';
import { UserError } from '../../util/errors.js';
import { firstWatch, scoreSchema, watchSchema } from '../best.js';

const stateSchema = z.object({
  version: z.literal(1),
  step: z.int(),
  total_steps: z.int(),
  position: loaderPositionSchema,
  /** What the evaluations so far have come to, and a rate that goes by them. */
  watch: watchSchema.default(firstWatch),
  plateau: z.object({ best: z.number().nullable(), metric: z.string().nullable().default('eval_loss'), bad: z.int(), cooldown: z.int(), factor: z.number() }).nullable().default(null),
  /** Whether the run's plan wants this step evaluated, and a stop came before that was done. */
  evaluation_due: z.boolean().default(false),
  /** Of the checkpoints that were evaluated at their very step, the one to keep. */
  best_checkpoint: z.preprocess(asScore, scoreSchema.nullable()).default(null),
  /** Written because they were due, so far; and those of them that stay for good. */
  saves: z.int().default(0),
  kept_for_good: z.array(z.int()).default([]),
  /** Updates in a row that were left out, the factor of the rate they have led to, and the losses that a spike is measured by. */
  recovery: z
    .object({ in_a_row: z.int(), lowered: z.object({ learning_rate: z.number(), factor: z.number() }).nullable(), recent_losses: z.array(z.number()) })
    .default({ in_a_row: 0, lowered: null, recent_losses: [] }),
  /** Of f16, which a run in another precision passes on; null: as a run begins. */
  loss_scale: z.object({ scale: z.number(), clean: z.int(), skipped: z.int() }).nullable().default(null),
  /** Sums over the updates since the last logged point. */
  unlogged: z.object({ loss_sum: z.number(), labels: z.number(), tokens: z.number() }).default({ loss_sum: 0, labels: 0, tokens: 0 }),
  tokens_seen: z.number(),
  elapsed_time: z.number(),
  files: z.record(z.string(), z.object({ bytes: z.int(), sha256: z.string() })),
});

/** Checkpoints had no metric but the loss once. */
function asScore(best: unknown): unknown {
  return typeof best === 'object' && best !== null && 'eval_loss' in best ? { ...best, metric: 'eval_loss', value: best.eval_loss } : best;
}

/** Where a run stands, beside its tensors. Dropout and row order are functions of seed and step: no random state. */
export type CheckpointState = Omit<z.infer<typeof stateSchema>, 'version' | 'files'>;

const stateFile = 'trainer_state.json';

/**
 * Fills `folder` through `fill(temporaryFolder)`. A crash at any point leaves the old folder or the new one, in the worst
 * case the old one under its second name, for `restoreMoved`; what `fill` throws is thrown.
 */
export async function writeWhole(folder: string, fill: (temporary: string) => Promise<void>): Promise<void> {
  restoreMoved(dirname(folder), basename(folder));
  const temporary = temporaryOf(folder);
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  try {
    await fill(temporary);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }); // what is half written takes the room of the next try
    throw error;
  }
  for (const file of await readdir(temporary, { recursive: true })) await sync(join(temporary, file));
  await sync(temporary);
  const previous = join(dirname(folder), `.${basename(folder)}.old`);
  await rm(previous, { recursive: true, force: true });
  if (existsSync(folder)) await rename(folder, previous);
  await rename(temporary, folder);
  await sync(dirname(folder));
  await rm(previous, { recursive: true, force: true });
}

/** What is not a checkpoint yet, or not any more: it goes when one of this name is written. */
function temporaryOf(folder: string): string {
  return join(dirname(folder), `.${basename(folder)}.tmp`);
}

/**
 * Removes checkpoints together with a record: `change` calls `takeAside` in its transaction, where they only lose their names, which
 * takes no time. What it throws is thrown, and they are all there again.
 */
export function removeCheckpoints(folders: readonly string[], change: (takeAside: () => void) => void): void {
  const moves = folders.map((folder) => ({ folder, aside: temporaryOf(folder) }));
  for (const { aside } of moves) rmSync(aside, { recursive: true, force: true });
  try {
    change(() => moves.forEach(({ folder, aside }) => renameSync(folder, aside)));
  } catch (error) {
    for (const { folder, aside } of moves) if (existsSync(aside)) renameSync(aside, folder);
    throw error;
  }
  for (const { aside } of moves) rmSync(aside, { recursive: true, force: true });
}

/**
 * Gives folders their names back that a crash has left between the two renames of `writeWhole`: those of that `name`, or all
 * in `parent`. For where nobody writes: the second rename of a writer at work would find the name taken.
 */
export function restoreMoved(parent: string, name?: string): void {
  try {
    for (const moved of readdirSync(parent)) {
      const [, before] = /^\.(.+)\.old$/.exec(moved) ?? [];
      if (before !== undefined && (name ?? before) === before && !existsSync(join(parent, before))) renameSync(join(parent, moved), join(parent, before));
    }
  } catch {
    // No folder, or nothing may be changed there: it is read as it is.
  }
}

/** The same for all that a run writes whole, once its process is gone. */
export function restoreRun(runFolder: string): void {
  for (const parent of [runFolder, join(runFolder, 'checkpoints')]) restoreMoved(parent);
}

/** Writes `trainer_state.json` with the sums of all files that are there already: the last thing to fill in. */
export async function sealCheckpoint(folder: string, state: CheckpointState): Promise<void> {
  const files: Record<string, { bytes: number; sha256: string }> = {};
  for (const file of await readdir(folder)) files[file] = await sumOf(join(folder, file));
  await writeFile(join(folder, stateFile), JSON.stringify({ version: 1, ...state, files }, null, 2));
}

/** Reads and checks a checkpoint; throws a UserError that says what is damaged. */
export async function readCheckpoint(folder: string): Promise<CheckpointState> {
  const text = await readFile(join(folder, stateFile), 'utf8').catch(() => null);
  if (text === null) throw new UserError(`${folder} is no checkpoint: it has no ${stateFile}.`);
  const parsed = stateSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new UserError(`The checkpoint ${folder} is damaged: ${stateFile} cannot be read; use an older one.`);
  const { files, ...state } = parsed.data;
  for (const [file, wanted] of Object.entries(files)) {
    const found = await sumOf(join(folder, file)).catch(() => null);
    if (found?.sha256 !== wanted.sha256) {
      throw new UserError(`The checkpoint ${folder} is damaged: ${file} is not what was written; use an older one.`);
    }
  }
  return state;
}

export interface WholeCheckpoint {
  readonly folder: string;
  readonly state: CheckpointState;
}

/**
 * The first of some checkpoint folders that is whole, null when there are none. The damaged ones before it are
 * complained of; throws a UserError when there is no other.
 */
export async function firstWhole(folders: readonly string[], complain: (sentence: string) => void): Promise<WholeCheckpoint | null> {
  for (const [index, folder] of folders.entries()) {
    try {
      return { folder, state: await readCheckpoint(folder) };
    } catch (error) {
      if (!(error instanceof UserError) || index === folders.length - 1) throw error;
      complain(`${error.message.replace(/; use an older one\.$/, '')}: an older one is used.`);
    }
  }
  return null;
}

/** The steps that have a checkpoint under `runs/<id>/checkpoints`, ascending; none where there is no such folder. Nothing is checked. */
export async function checkpointSteps(checkpointsFolder: string): Promise<number[]> {
  const names = await readdir(checkpointsFolder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error; // a folder that cannot be read is not an empty one: the run would begin anew over its curve
  });
  return names.flatMap((name) => /^step-(\d+)$/.exec(name)?.slice(1).map(Number) ?? []).sort((a, b) => a - b);
}

export async function bytesOf(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(async (file) => (await stat(join(folder, file))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function sumOf(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
