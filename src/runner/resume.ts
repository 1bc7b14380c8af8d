/** Makes a run that has ended ready to go on: the same run, or a branch of it. */
import { constants, existsSync, mkdirSync, renameSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { checkChanges } from '../config/same-run.js';
import type { Experiment } from '../config/schema.js';
import { runFolder } from '../store/folders.js';
import { isUnended } from '../store/rows.js';
import type { RunRecord } from '../store/rows.js';
import type { Store } from '../store/store.js';
import { checkpointSteps, firstWhole, readCheckpoint, removeCheckpoints, writeWhole } from '../trainer/checkpoint/checkpoint.js';
import { stopReasons } from '../trainer/events.js';
import { UserError } from '../util/errors.js';
import { mayLive } from './identity.js';
import { checkModule, keepModule, withModuleOf } from './module.js';
import { unusedName } from './new-run.js';
import { settle } from './outcome.js';
import { withScratch } from './scratch-folder.js';

/** How long a run that has said its end may take to write its last. */
const patienceMs = 15_000;
const pollMs = 50;

export interface ResumeOptions {
  /** The experiment with what is to change. */
  readonly config: Experiment;
  /** An older checkpoint to go on from; null: the newest that is whole. */
  readonly from: number | null;
  readonly branch: boolean;
}

/**
 * Returns the queued run that goes on: the one given, or a new one that knows its parent. Going on from an older
 * checkpoint gives up the later ones; a branch leaves its parent as it is. One that has ended at its `train.stop_at`, or
 * whose search no longer asks for that stop, goes on to its end unless it is given another. Throws a UserError when the
 * run is not at rest, a knob may not change so, there is no whole checkpoint, or nothing is left to do.
 */
export async function prepareResume(store: Store, home: string, { run, options }: { run: RunRecord; options: ResumeOptions }): Promise<RunRecord> {
  const { from, branch } = options;
  const config = pastItsStop(store, run, options.config);
  checkChanges(run.config, config, { branch, isGone: (path) => !existsSync(path) });
  checkModule(runFolder(home, run.id), config);
  return branch ? makeBranch(store, home, { run, config, from }) : goOn(store, home, { run, config, from });
}

async function goOn(store: Store, home: string, { run, config, from }: { run: RunRecord } & Omit<ResumeOptions, 'branch'>): Promise<RunRecord> {
  if (isUnended(run)) throw new UserError(`${run.name} (${run.id}) is ${run.state}: only a run that has ended can be resumed`);
  if (run.state === 'completed' && from === null && endedEarly(run) && !waitsLonger(run, config)) {
    throw new UserError(`${run.name} (${run.id}) has ${run.reason ?? 'ended early'}: give it more patience, for example --set train.early_stopping_patience=${2 * (run.config.train.early_stopping_patience ?? 1)}, or null`);
  }
  if (run.state === 'completed' && from === null && !endedEarly(run) && !asksForMore(run, config)) {
    throw new UserError(`${run.name} (${run.id}) is complete after ${run.step} updates: give it more, for example --set train.max_steps=${2 * run.step}`);
  }
  if (endsBefore(run, config, from ?? run.step)) {
    throw new UserError(`${run.name} (${run.id}) is at update ${from ?? run.step} already: give train.max_steps more than ${from ?? run.step}, or go on from an older checkpoint with --branch --from`);
  }
  await processGone(store, run);
  settle(store, home, { runId: run.id, exit: null }); // of a process that said its end and was killed before it had cleaned up
  const folder = checkpointsOf(home, run.id);
  const steps = await checkpointSteps(folder);
  if (steps.length === 0 && hasSaved(store, run)) {
    throw new UserError(`${run.name} (${run.id}) has trained ${run.step} updates, and none of its checkpoints is in ${folder}: bring one back (a drive that is not mounted, a mirror), or start a new run; it would begin anew over its own curve`);
  }
  if (from !== null) await readCheckpoint(stepFolder(folder, from, steps));
  const later = steps.filter((step) => from !== null && step > from).map((step) => join(folder, `step-${step}`));
  removeCheckpoints(later, (takeAside) => store.transaction(() => {
    if (hasProcess(store, run) || !store.requeue(run.id, config)) throw resumedMeanwhile(run);
    takeAside();
  }));
  return store.run(run.id);
}

/** Of its own, or the one it has begun with. */
function hasSaved(store: Store, { id, step, resumed_from }: RunRecord): boolean {
  return step > 0 && (resumed_from !== null || store.history(id).some(({ type }) => type === 'checkpoint'));
}

function resumedMeanwhile({ id, name }: RunRecord): UserError {
  return new UserError(`${name} (${id}) was resumed by somebody else just now`);
}

function hasProcess(store: Store, { id }: RunRecord): boolean {
  const holder = store.processOf(id);
  return holder !== null && mayLive(holder);
}

/** Its socket and its files have names that the next process takes. */
async function processGone(store: Store, run: RunRecord): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (hasProcess(store, run)) {
    if (isUnended(store.run(run.id))) throw resumedMeanwhile(run);
    if (performance.now() > deadline) throw new UserError(`${run.name} (${run.id}) is ${run.state}, and its process has not gone yet: try again in a minute, or kill it (workbench kill ${run.id})`);
    await wait(pollMs);
  }
}

async function makeBranch(store: Store, home: string, { run, config, from }: { run: RunRecord } & Omit<ResumeOptions, 'branch'>): Promise<RunRecord> {
  const folder = checkpointsOf(home, run.id);
  const steps = await checkpointSteps(folder);
  const candidates = from === null ? steps.reverse().map((step) => join(folder, `step-${step}`)) : [stepFolder(folder, from, steps)];
  const start = await firstWhole(candidates, () => undefined);
  if (start === null) throw new UserError(`${run.name} (${run.id}) has no checkpoint to branch from`);
  const { step } = start.state;
  if (endsBefore(run, config, step)) throw new UserError(`a branch of ${run.name} (${run.id}) would begin at update ${step}: give train.max_steps more than ${step}, or an older checkpoint with --from`);
  // A copy of its own (shared blocks where the file system can), so that the parent may be deleted; whole before there is a record.
  return withScratch(home, async (scratch) => {
    const copy = join(scratch, 'checkpoint');
    await writeWhole(copy, (temporary) => cp(start.folder, temporary, { recursive: true, mode: constants.COPYFILE_FICLONE }));
    const name = unusedName(store, config.name !== run.config.name && config.name !== null ? config.name : `${run.name}-from-${step}`);
    return keepModule(withModuleOf(runFolder(home, run.id), config), () => {
      // The checkpoint first: a run with its parent's points and without it would begin anew.
      const branch = store.branchRun({ name, config, parent: run.id, step }, (id) => {
        mkdirSync(checkpointsOf(home, id), { recursive: true });
        renameSync(copy, join(checkpointsOf(home, id), `step-${step}`));
      });
      return { run: branch, folder: runFolder(home, branch.id) };
    });
  });
}

function pastItsStop(store: Store, { id, reason, config: before }: RunRecord, config: Experiment): Experiment {
  const isDone = reason === stopReasons.planned || isOutOfSearch(store, id);
  return isDone && config.train.stop_at === before.train.stop_at ? { ...config, train: { ...config.train, stop_at: null } } : config;
}

/** A trial that is out, or whose search is over or stopped. */
function isOutOfSearch(store: Store, id: string): boolean {
  return store.searches().some(({ state, trials }) => trials.some(({ run, lost }) => run === id && (lost !== null || state !== 'running')));
}

function asksForMore({ step, config: before }: RunRecord, { train }: Experiment): boolean {
  return train.max_steps > 0 ? train.max_steps > step : before.train.max_steps > 0 || train.num_train_epochs > before.train.num_train_epochs;
}

/** Complete before its last update: evaluations had got no better. */
function endedEarly({ step, total_steps }: RunRecord): boolean {
  return total_steps !== null && step < total_steps;
}

function waitsLonger({ config: { train: before } }: RunRecord, { train }: Experiment): boolean {
  const [had, has] = [before, train].map(({ early_stopping_patience: patience }) => patience ?? Infinity);
  return has > had || train.metric_for_best_model !== before.metric_for_best_model;
}

/** Whether it was given another end, that lies behind it. */
function endsBefore({ config: before }: RunRecord, { train }: Experiment, step: number): boolean {
  return train.max_steps > 0 && train.max_steps !== before.train.max_steps && train.max_steps <= step;
}

function checkpointsOf(home: string, runId: string): string {
  return join(runFolder(home, runId), 'checkpoints');
}

function stepFolder(folder: string, step: number, steps: readonly number[]): string {
  if (!steps.includes(step)) throw new UserError(`there is no checkpoint at step ${step}: ${steps.length === 0 ? 'there are none' : `there are ${steps.join(', ')}`}`);
  return join(folder, `step-${step}`);
}
