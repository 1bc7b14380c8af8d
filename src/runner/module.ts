/** The module of an experiment in the folder of its run: what the run goes on with, here and on another machine. */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { basename } from 'node:path';
import { withValues } from '../config/keys.js';
import { changedSentence, keptModule, moduleHash } from '../config/module.js';
import type { Experiment } from '../config/schema.js';
import type { RunRecord } from '../store/rows.js';
import { UserError } from '../util/errors.js';

/** Makes a run and puts the module of its experiment into its folder. Throws a UserError, before there is a run, for a module that has changed. */
export function keepModule({ recipe }: Experiment, make: () => { readonly run: RunRecord; readonly folder: string }): RunRecord {
  checkUnchanged(recipe);
  const { run, folder } = make();
  copyModule(recipe, folder);
  return run;
}

/** Throws a UserError for a module that has changed since it was read. */
export function checkUnchanged({ path, sha256 }: Experiment['recipe']): void {
  if (path !== null && moduleHash(path) !== sha256) throw new UserError(changedSentence(path));
}

/** Puts the module of an experiment, where it has one, into the folder of its run. */
export function copyModule({ path }: Experiment['recipe'], folder: string): void {
  if (path === null) return;
  mkdirSync(folder, { recursive: true });
  copyFileSync(path, keptModule(folder, path));
}

/** The experiment with the module that the run of this folder keeps, where it keeps one. */
export function withModuleOf(folder: string, experiment: Experiment): Experiment {
  const { path } = experiment.recipe;
  const kept = path === null ? null : keptModule(folder, path);
  return kept !== null && existsSync(kept) ? withValues(experiment, { 'recipe.path': kept }) : experiment;
}

/** The experiment as it is written into the folder: its module is the copy beside it. */
export function besideModule(experiment: Experiment): Experiment {
  const { path } = experiment.recipe;
  return path === null ? experiment : withValues(experiment, { 'recipe.path': basename(keptModule('', path)) });
}

/** Throws a UserError where a run that goes on would not read its rows as before: by its own copy, or by a module that has changed meanwhile. */
export function checkModule(folder: string, { recipe: { path, sha256 } }: Experiment): void {
  if (path === null) return;
  const kept = keptModule(folder, path);
  const hasCopy = existsSync(kept);
  if (hasCopy && moduleHash(kept) !== sha256) throw new UserError(`${kept} is the module that the run began with, and has been changed: bring its old text back, or start a new run`);
  if (existsSync(path) && moduleHash(path) !== sha256) {
    const instead = hasCopy ? `; to go on with what it was, add --set recipe.path=${kept}` : '';
    throw new UserError(`${path} has changed since the run began, and would read other rows: start a new run with it${instead}`);
  }
  if (!hasCopy && !existsSync(path)) throw new UserError(`${path}, the module that the run reads its rows by, is gone, and so is the copy in ${folder}: bring it back`);
}
