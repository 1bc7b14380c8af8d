/** A run of which only the folder is left, a mirror's or one from another machine, gets a record here again. */
import { cp, readFile, rename, rm } from 'node:fs/promises';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { readExperiment } from '../config/file.js';
import { runFolder } from '../store/folders.js';
import type { MetricPoint, RunRecord } from '../store/rows.js';
import type { Store } from '../store/store.js';
import { bytesOf, checkpointSteps } from '../trainer/checkpoint.js';
import { UserError } from '../util/errors.js';

const identityFile = 'run.json';
const identitySchema = z.object({ id: z.string().regex(/^[0-9a-z]{10}$/), name: z.string(), created_at: z.iso.datetime() });

/** Puts into the folder of a run what a record cannot be made again without. */
export function writeIdentity(folder: string, { id, name, created_at }: RunRecord): void {
  writeFileSync(join(folder, identityFile), `${JSON.stringify({ id, name, created_at })}\n`);
}

export function isRunFolder(path: string): boolean {
  return existsSync(join(path, identityFile));
}

/**
 * The run whose folder this is: the one the store knows, or a new record with its id, name, configuration, curve
 * and a copy of its checkpoints. Throws a UserError when the folder is not whole enough for that.
 */
export async function adoptRun(store: Store, home: string, from: string): Promise<RunRecord> {
  const parsed = identitySchema.safeParse(JSON.parse(await readFile(join(from, identityFile), 'utf8')));
  if (!parsed.success) throw new UserError(`${join(from, identityFile)} does not say which run this is: take a folder that a run has written`);
  const { id, name, created_at } = parsed.data;
  if (store.runs().some((run) => run.id === id)) return store.run(id);
  const { experiment } = readExperiment(join(from, 'experiment.yaml'));
  const folder = runFolder(home, id);
  if (resolve(from) !== resolve(folder)) {
    await rm(`${folder}.tmp`, { recursive: true, force: true });
    await cp(from, `${folder}.tmp`, { recursive: true });
    await rename(`${folder}.tmp`, folder);
  }
  store.adoptRun({ id, name, created_at, config: experiment, reason: `brought here from ${resolve(from)}`, points: pointsIn(join(folder, 'trainer_log.jsonl'), created_at) });
  for (const step of await checkpointSteps(join(folder, 'checkpoints'))) {
    const path = join(folder, 'checkpoints', `step-${step}`);
    store.record(id, { type: 'checkpoint', step, total_steps: step, epoch: 0, path, bytes: await bytesOf(path) }, new Date().toISOString());
  }
  return store.run(id);
}

/** What the log of a run holds of its curves; its times count from the start. */
function pointsIn(file: string, start: string): MetricPoint[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').split('\n').flatMap((line) => (line === '' ? [] : pointsOf(line, Date.parse(start))));
}

function pointsOf(line: string, start: number): MetricPoint[] {
  const { current_steps: step, elapsed_time, loss, eval_loss, learning_rate, grad_norm } = JSON.parse(line) as Record<string, number | null>;
  const time = new Date(start + 1000 * (elapsed_time ?? 0)).toISOString();
  const values = loss === null ? { eval_loss } : { loss, learning_rate, grad_norm };
  return Object.entries(values).flatMap(([key, value]) => (typeof value === 'number' && typeof step === 'number' ? [{ step, time, key, value }] : []));
}
