/** A run of which only the folder is left, a mirror's or one from another machine, gets a record here again. */
import { cp, rename, rm } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { readExperiment } from '../config/file.js';
import { runFolder } from '../store/folders.js';
import type { MetricPoint, RunRecord } from '../store/rows.js';
import type { AdoptedRun, Store } from '../store/store.js';
import { bytesOf, checkpointSteps, restoreRun } from '../trainer/checkpoint/checkpoint.js';
import { replaceFile } from '../util/atomic.js';
import { UserError } from '../util/errors.js';

export const identityFile = 'run.json';
const endSchema = z.object({ state: z.enum(['completed', 'stopped', 'failed']), reason: z.string().nullable(), ended_at: z.iso.datetime(), output: z.string().nullable() });
const identitySchema = z.object({ id: z.string().regex(/^[0-9a-z]{10}$/), name: z.string(), created_at: z.iso.datetime(), end: endSchema.nullable().default(null) });

/** Puts into the folder of a run what a record cannot be made again without, and how it ended where it has. */
export function writeIdentity(folder: string, { id, name, created_at, state, reason, ended_at, output }: RunRecord): void {
  const end = endSchema.safeParse({ state, reason, ended_at, output });
  replaceFile(join(folder, identityFile), `${JSON.stringify({ id, name, created_at, ...(end.success ? { end: end.data } : {}) })}\n`);
}

export function isRunFolder(path: string): boolean {
  return existsSync(join(path, identityFile));
}

/**
 * The run whose folder this is: the one the store knows, or a new record with its id, name, configuration, curve
 * and a copy of its checkpoints. Throws a UserError when the folder is not whole enough for that.
 */
export async function adoptRun(store: Store, home: string, from: string): Promise<RunRecord> {
  const { id } = identityIn(from);
  if (store.has(id)) return store.run(id);
  readExperiment(join(from, 'experiment.yaml'));
  const folder = runFolder(home, id);
  if (resolve(from) !== resolve(folder)) {
    await rm(`${folder}.tmp`, { recursive: true, force: true });
    await cp(from, `${folder}.tmp`, { recursive: true });
    await rename(`${folder}.tmp`, folder);
  }
  await recordFolder(store, folder, `brought here from ${resolve(from)}`);
  return store.run(id);
}

/** Records what the folder of a run tells; `reason` is said of one that does not tell how it ended. */
export async function recordFolder(store: Store, folder: string, reason: string): Promise<void> {
  restoreRun(folder);
  const { id, name, created_at, end } = identityIn(folder);
  const { experiment } = readExperiment(join(folder, 'experiment.yaml'));
  const lines = linesIn(join(folder, 'trainer_log.jsonl'));
  const points = lines.flatMap((line) => pointsOf(line, Date.parse(created_at)));
  store.adoptRun({ id, name, created_at, config: experiment, state: end?.state ?? 'crashed', reason: end === null ? reason : end.reason, points, last: lastOf(lines, { created_at, end }) });
  for (const step of await checkpointSteps(join(folder, 'checkpoints'))) {
    const path = join(folder, 'checkpoints', `step-${step}`);
    store.record(id, { type: 'checkpoint', step, total_steps: step, epoch: 0, path, bytes: await bytesOf(path) }, new Date().toISOString());
  }
}

function identityIn(folder: string): z.infer<typeof identitySchema> {
  const file = join(folder, identityFile);
  try {
    return identitySchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new UserError(`${file} does not say which run this is: take a folder that a run has written`);
  }
}

type LogLine = Record<string, number | null>;

/** A line that a crash has cut off is none. */
function linesIn(file: string): LogLine[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as LogLine];
    } catch {
      return [];
    }
  });
}

function lastOf(lines: readonly LogLine[], { created_at, end }: Pick<z.infer<typeof identitySchema>, 'created_at' | 'end'>): AdoptedRun['last'] {
  const last = lines.at(-1);
  if (last === undefined) return null;
  const newest = (key: string) => lines.findLast((line) => typeof line[key] === 'number')?.[key] ?? null;
  const evaluations = lines.flatMap(({ eval_loss }) => (typeof eval_loss === 'number' ? [eval_loss] : []));
  const worked_seconds = newest('elapsed_time') ?? 0;
  return {
    step: last['current_steps'] ?? 0,
    total_steps: last['total_steps'],
    epoch: last['epoch'],
    tokens_seen: newest('total_tokens'),
    train_loss: newest('loss'),
    eval_loss: newest('eval_loss'),
    best_eval_loss: evaluations.length === 0 ? null : Math.min(...evaluations),
    output: end?.output ?? null,
    started_at: created_at,
    ended_at: end?.ended_at ?? new Date(Date.parse(created_at) + 1000 * worked_seconds).toISOString(),
    worked_seconds,
  };
}

/** Its times count from the start. */
function pointsOf(line: LogLine, start: number): MetricPoint[] {
  const { current_steps: step, elapsed_time, loss, eval_loss, learning_rate, grad_norm } = line;
  const time = new Date(start + 1000 * (elapsed_time ?? 0)).toISOString();
  const values = loss === null ? { eval_loss } : { loss, learning_rate, grad_norm };
  return Object.entries(values).flatMap(([key, value]) => (typeof value === 'number' && typeof step === 'number' ? [{ step, time, key, value }] : []));
}
