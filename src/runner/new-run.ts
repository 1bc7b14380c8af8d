import { runName, withRecipeHash } from '../config/file.js';
import type { Experiment } from '../config/schema.js';
import { runFolder } from '../store/folders.js';
import type { RunRecord, StoreReader } from '../store/rows.js';
import type { Store } from '../store/store.js';
import { keepModule, withModuleOf } from './module.js';

/**
 * A queued run of an experiment, under its name or, where that is taken, the first free one of `name-2`, `name-3`, …;
 * `like`: another run whose module it takes. Throws a UserError where the module is not the one the experiment was made with.
 */
export function newRun(store: Store, home: string, given: Experiment, like: string | null = null): RunRecord {
  const config = withRecipeHash(given);
  return keepModule(like === null ? config : withModuleOf(runFolder(home, like), config), () => {
    const run = store.createRun({ name: unusedName(store, runName(config).replace(/\p{Cc}/gu, '')), config });
    return { run, folder: runFolder(home, run.id) };
  });
}

/** The name itself, or the first numbered one that no run bears. */
export function unusedName(store: StoreReader, name: string): string {
  const taken = new Set(store.runs().map((run) => run.name));
  return firstFree(name, (each) => !taken.has(each));
}

/** The name itself, or the first of `name-2`, `name-3`, … that is free. */
export function firstFree(name: string, isFree: (name: string) => boolean): string {
  let free = name;
  for (let number = 2; !isFree(free); number++) free = `${name}-${number}`;
  return free;
}
