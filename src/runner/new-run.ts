import { runName } from '../config/file.js';
import type { Experiment } from '../config/schema.js';
import type { RunRecord, StoreReader } from '../store/rows.js';
import type { Store } from '../store/store.js';

/** A queued run of an experiment, under its name or, where that is taken, the first free one of `name-2`, `name-3`, … */
export function newRun(store: Store, config: Experiment): RunRecord {
  return store.createRun({ name: unusedName(store, runName(config)), config });
}

/** The name itself, or the first numbered one that no run bears. */
export function unusedName(store: StoreReader, name: string): string {
  const taken = new Set(store.runs().map((run) => run.name));
  if (!taken.has(name)) return name;
  let number = 2;
  while (taken.has(`${name}-${number}`)) number++;
  return `${name}-${number}`;
}
