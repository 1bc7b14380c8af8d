/** What the screen needs, from where it is. */
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { readExperiment } from '../../config/file.js';
import { expandTilde, homeFolder, type Environment } from '../../config/home.js';
import { readKeyFile } from '../../config/key-file.js';
import { withValues } from '../../config/keys.js';
import { knobs } from '../../config/limits.js';
import { parseExperiment } from '../../config/parse.js';
import type { Experiment } from '../../config/schema.js';
import { stepValue } from '../../config/steps.js';
import type { DatasetEntry } from '../../data/look/discover.js';
import type { ModelEntry } from '../../models/discover.js';
import { makeMeter } from '../../machine/meter.js';
import { change, control, isWorkLeft, kill, startRun, workQueue } from '../../runner/client.js';
import { openAside } from '../../runner/aside.js';
import { openBeside } from '../../runner/beside.js';
import { interruptedRuns, resumeInterrupted } from '../../runner/interrupted.js';
import { newRun } from '../../runner/new-run.js';
import { reconcile } from '../../runner/outcome.js';
import { readRunLog } from '../../runner/run-log.js';
import { startUpkeep } from '../../runner/upkeep.js';
import { openStore } from '../../store/store.js';
import { watchRuns } from './watch-runs.js';
import type { Commands } from '../../ui/command-line/commands.js';
import type { Services } from '../../ui/services.js';
import { UserError } from '../../util/errors.js';
import type { AsideHandlers } from './aside.js';
import type { BesideWork } from './beside.js';
import { formServices } from './form-services.js';
import { modelPlaces, shippedExperiments } from '../places.js';
import { queueServices } from './queue-services.js';
import { doctorServices } from './doctor-services.js';
import { playgroundServices } from './playground-services.js';
import { makeRecords } from '../records.js';

/** How long the screen may stand still for another writer, in milliseconds. */
const patience = 1000;

export function openServices(env: Environment): Services & { close(): void } {
  const home = homeFolder(env);
  const store = openStore(home, patience);
  startUpkeep(home);
  // What waited when the machine was restarted goes on; why it cannot is said by whatever starts a run.
  if (isWorkLeft(store)) void workQueue(home).catch(() => undefined);
  // Nobody has replaced the tilde of a path that is typed here.
  const expanded = (path: string): string => expandTilde(path, env);
  const located = async (experiment: Experiment) => {
    const { resolveModelPath } = await import('../../models/discover.js');
    return withValues(experiment, { model: resolveModelPath(experiment.model, modelPlaces(env)) });
  };
  // Searching a large disk must not keep a draft from its estimate, nor an export either of them.
  const entry = new URL('./aside.js', import.meta.url);
  const search = openAside<AsideHandlers>(entry, env);
  const desk = openAside<AsideHandlers>(entry, env);
  const writer = openAside<AsideHandlers>(entry, env);
  const voices = openBeside<BesideWork>(new URL('./beside.js', import.meta.url), env);
  let commands: Promise<Commands> | undefined;
  const services: Services & { close(): void } = {
    reader: store,
    knobs,
    defaults: shippedDefaults(),
    parse: (value) => parseExperiment(value),
    step: stepValue,
    models: () => search.call('models', undefined),
    datasets: () => search.call('datasets', undefined),
    modelAt: (reference) => modelAt(expanded(reference), env),
    datasetAt: (place) => datasetAt(expanded(place)),
    estimate: async (experiment, { rows }) => desk.call('estimate', { experiment: await located(experiment), measurements: store.measurements(), ...(rows === undefined ? {} : { rows }) }),
    form: formServices({ env, aside: desk, located }),
    startRun: async (experiment) => {
      const config = await located(experiment);
      const { id } = newRun(store, home, config);
      await startRun(home, id);
      return id;
    },
    resume: async (runId) => {
      const { prepareResume } = await import('../../runner/resume.js');
      const run = store.run(runId);
      await prepareResume(store, home, { run, options: { config: run.config, from: null, branch: false } });
      await startRun(home, runId);
    },
    interrupted: () => interruptedRuns(store),
    resumeInterrupted: async () => {
      const offers = await resumeInterrupted(store, home);
      if (store.queue().length > 0) await workQueue(home);
      return offers.filter(({ refused }) => refused === null).length;
    },
    control: (runId, wanted) => control(home, runId, wanted),
    keyFile: () => readKeyFile(home),
    records: makeRecords(store, home, { expanded, exported: (target) => writer.call('exportRun', target) }),
    doctor: doctorServices(env, search),
    playground: playgroundServices(store, env, voices),
    queue: queueServices(store, home, { located, expanded }),
    watchRuns: (failed) => watchRuns(() => void reconcile(store, home), failed),
    commands: () => (commands ??= import('../repl/commands.js').then(({ screenCommands }) => screenCommands(env, services))),
    change: (runId, changes) => change(home, runId, changes),
    kill: async (runId) => void (await kill(home, runId)),
    log: (runId) => readRunLog(home, runId),
    machine: makeMeter(),
    close() {
      search.close();
      desk.close();
      writer.close();
      voices.close();
      store.close();
    },
  };
  return services;
}

async function modelAt(reference: string, env: Environment): Promise<ModelEntry> {
  const { discoverModels, resolveModelPath } = await import('../../models/discover.js');
  const path = resolveModelPath(reference, modelPlaces(env));
  const entry = discoverModels({ paths: [path] }).find((found) => found.path === path);
  if (entry === undefined) throw new UserError(`${path} is no model: a Hugging Face folder with a config.json is needed.`);
  if (!entry.supported) throw new UserError(entry.reason ?? `${path} cannot be trained.`);
  return entry;
}

async function datasetAt(place: string): Promise<DatasetEntry> {
  if (!existsSync(place)) throw new UserError(`There is no file or folder ${resolve(place)}.`);
  const found = await (await import('../../data/look/discover.js')).discoverDatasets([place]);
  if (found.length > 1 && existsSync(join(place, 'dataset_info.json'))) return ofEntries(resolve(place), found);
  if (found.length === 1 && !found[0].supported) throw new UserError(found[0].reason ?? `${found[0].path} cannot be read.`);
  if (found.length === 1) return found[0];
  throw new UserError(found.length === 0 ? `${resolve(place)} holds no rows that can be read: JSON, JSONL, CSV, TSV or text is needed.` : `${resolve(place)} holds ${found.length} datasets: type the path of one, such as ${found[0].path}.`);
}

/** A folder as LLaMA-Factory has one: `dataset.name` says which of its entries. */
function ofEntries(path: string, files: readonly DatasetEntry[]): DatasetEntry {
  return { path, name: basename(path), bytes: files.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0), rows: null, guess: null, columns: [], supported: true, reason: null };
}

/** The quickstart, so that Enter is enough; nothing where it has been taken away. */
function shippedDefaults(): Readonly<Record<string, unknown>> {
  const file = join(shippedExperiments, 'quickstart.yaml');
  if (!existsSync(file)) return {};
  const { experiment } = readExperiment(file);
  return existsSync(experiment.model) ? experiment : {};
}
