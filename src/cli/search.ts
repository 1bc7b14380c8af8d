import { isDeepStrictEqual } from 'node:util';
import type { Experiment } from '../config/schema.js';
import { readSearch, type Search } from '../config/search/file.js';
import type { SearchPlan } from '../config/search/plan.js';
import { checkMeasured, checkRungs, trialsOf, type Trial } from '../config/search/trials.js';
import { withValues } from '../config/keys.js';
import { resolveModelPath } from '../models/discover.js';
import { readModel } from '../models/registry.js';
import { purposeOf } from '../models/task.js';
import { workQueue } from '../runner/client.js';
import { createSearch, resumeSearch } from '../runner/search/control.js';
import type { SearchRecord } from '../store/search-rows.js';
import type { Store } from '../store/store.js';
import { trainingLoader } from '../trainer/estimate.js';
import { totalUpdates } from '../trainer/policy.js';
import { counted } from '../util/format.js';
import { loadExperiment, prepare } from './experiment.js';
import { followSearch } from './follow-search.js';
import { modelPlaces } from './places.js';
import type { Terminal } from './terminal.js';
import { withBest } from './view/search.js';
import { withStore } from './with-store.js';

interface Options {
  readonly set: readonly string[];
  readonly name?: string;
  readonly parallel?: number;
  readonly detach?: true;
  readonly json?: true;
}

/** A search whose file, experiment and data have been looked at. */
export interface ReadySearch {
  readonly name: string;
  readonly plan: SearchPlan;
  readonly trials: readonly Trial[];
}

/** Puts the trials of a search file in line, watched to the end or, with --detach, left alone. All is checked before the first run is made. */
export async function search(terminal: Terminal, file: string, { set, name, parallel, detach, json }: Options): Promise<void> {
  const ready = await readySearch(terminal, file, set);
  await withStore(terminal, async (store, home) => {
    const begun = createSearch(store, home, { ...ready, name: name ?? ready.name });
    if (parallel !== undefined) store.setParallel(parallel);
    await workQueue(home);
    if (json && detach) return terminal.json(withBest(store.search(begun.name)));
    if (!json) terminal.print(`${begun.name}: ${counted(begun.trials.length, 'trial')} in line, ${store.parallel()} at once; it needs no terminal: workbench search show ${begun.name} --follow`);
    if (!detach) process.exitCode = await followSearch(terminal, home, { store, name: begun.name, json: json ?? false });
  });
}

/** Throws a UserError where a trial could not run, or be measured. */
export async function readySearch(terminal: Terminal, file: string, set: readonly string[]): Promise<ReadySearch> {
  const asked = readSearch(file);
  const base = await loadExperiment(asked.experiment, { set }, terminal);
  const trials = trialsOf(asked, base).map((trial) => located(trial, terminal));
  await checkAgainstData(asked, trials, terminal);
  return { name: asked.name, plan: planOf(asked, base, set), trials };
}

/** Queues a search, or what there is of it already. Returns what was done, in words. */
export function enqueueSearch(store: Store, home: string, { name, plan, trials }: ReadySearch): string {
  const isSame = (known: SearchRecord): boolean => isDeepStrictEqual([known.plan, ...known.trials.map(({ parameters }) => parameters)], [plan, ...trials.map(({ parameters }) => parameters)]);
  const before = store.searches().find(isSame);
  if (before === undefined) {
    const begun = createSearch(store, home, { name, plan, trials });
    return `the search "${begun.name}" is in line, ${counted(trials.length, 'trial')}`;
  }
  if (before.state !== 'stopped') return `the search "${before.name}" is ${before.state === 'running' ? 'running already' : before.state}: skipped`;
  resumeSearch(store, before.name);
  return `the search "${before.name}" goes on`;
}

/** Its model, which may be what is searched over, found on this machine. */
function located({ config, parameters }: Trial, { env }: Terminal): Trial {
  return { parameters, config: withValues(config, { model: resolveModelPath(config.model, modelPlaces(env)) }) };
}

/** Tokenises the rows of the first trial, and those of the others whose updates they tell: that is where most trials find theirs then. */
async function checkAgainstData(asked: Search, trials: readonly Trial[], terminal: Terminal): Promise<void> {
  const [first, ...others] = trials.map(({ config }) => config);
  const counted = asked.stop_losers.at.length === 0 ? [] : others.filter(({ train }) => train.max_steps <= 0);
  for (const ofSameRows of grouped([first, ...counted], rowsOf)) {
    const { prepared } = await prepare(ofSameRows[0], terminal);
    checkMeasured(asked, prepared.eval?.length ?? 0);
    for (const [config] of grouped(ofSameRows, updatesOf)) {
      const { updatesPerEpoch } = trainingLoader(config, prepared.train, { model: readModel(config.model, purposeOf(config)), padId: 0 });
      checkRungs(asked, totalUpdates(config.train, updatesPerEpoch), config);
    }
  }
}

/** What the rows that are trained on, and how they are batched, may depend on. */
function rowsOf(config: Experiment): object {
  return { ...config, train: null, lora: null, freeze: null, loss: null, sample: null, engine: null };
}

/** What the number of updates depends on beside the rows. */
function updatesOf({ train }: Experiment): object {
  return [train.per_device_train_batch_size, train.gradient_accumulation_steps, train.num_train_epochs, train.max_steps];
}

/** Those of the same key together, in the order of the first of each. */
function grouped<T>(items: readonly T[], keyOf: (item: T) => object): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = JSON.stringify(keyOf(item));
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return [...groups.values()];
}

function planOf({ file, experiment, metric, method, seed, space, stop_losers: { at, keep } }: Search, base: Experiment, set: readonly string[]): SearchPlan {
  return { file, experiment, set, metric, method, seed, rungs: at, keep, keys: [...space.keys()], on_finish: base.on_finish };
}
