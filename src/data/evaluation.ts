/** Which rows a run is evaluated on. */
import path from 'node:path';
import type { DatasetConfig, Experiment } from '../config/schema.js';
import { type DataSet, setsOf } from './sets.js';
import { splitsOf } from './source/files.js';

/** `all`: the files say of no row that it is for one thing or the other. */
type Split = 'validation' | 'test' | 'all';

export interface EvaluationFiles {
  readonly split: Split;
  /** How they are read; its path is where they lie. */
  readonly set: DataSet;
  readonly files: readonly string[];
}

/**
 * Files of their own: `eval` goes before `val_size`, which goes before the validation splits that the sets' folders
 * happen to have. None where rows are held out instead, or there are none at all.
 */
export function evaluationFiles({ eval: place, val_size }: Pick<DatasetConfig, 'eval' | 'val_size'>, sets: readonly DataSet[], baseFolder: string): EvaluationFiles[] {
  if (place !== null) {
    const set = { ...sets[0], path: path.resolve(baseFolder, place) };
    const { validation, test, train } = splitsOf(set.path);
    if (validation.length > 0) return [{ split: 'validation', set, files: validation }];
    return [test.length > 0 ? { split: 'test', set, files: test } : { split: 'all', set, files: train }];
  }
  if (val_size > 0) return [];
  return sets.flatMap((set): EvaluationFiles[] => {
    const { validation } = splitsOf(set.path);
    return validation.length === 0 ? [] : [{ split: 'validation', set, files: validation }];
  });
}

/** Where the rows of an evaluation are from. */
export interface EvaluationSource {
  /** `held-out`: drawn by seed from those that are otherwise learned from. */
  readonly split: Split | 'held-out';
  readonly paths: readonly string[];
}

/** Null where an experiment sets none apart. */
export function evaluationSource(dataset: DatasetConfig, stage: Experiment['stage']): EvaluationSource | null {
  const sets = setsOf(dataset, stage, '.');
  const files = evaluationFiles(dataset, sets, '.');
  if (files.length > 0) return { split: files[0].split, paths: files.map(({ set }) => set.path) };
  return dataset.val_size > 0 ? { split: 'held-out', paths: sets.map((set) => set.path) } : null;
}
