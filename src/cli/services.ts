/** What the screen needs, from where it is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readExperiment, runName } from '../config/file.js';
import { homeFolder, type Environment } from '../config/home.js';
import { withValues } from '../config/keys.js';
import { knobs } from '../config/limits.js';
import { parseExperiment } from '../config/parse.js';
import type { Experiment } from '../config/schema.js';
import { stepValue } from '../config/steps.js';
import { control, startRun } from '../runner/client.js';
import { reconcile } from '../runner/outcome.js';
import { openStore } from '../store/store.js';
import type { Services } from '../ui/services.js';
import { datasetPlaces, modelPlaces, shippedExperiments } from './places.js';

export function openServices(env: Environment): Services & { close(): void } {
  const home = homeFolder(env);
  const store = openStore(home);
  // A run whose process and supervisor died together is noticed by whoever looks.
  const watch = setInterval(() => reconcile(store, home), 1000);
  reconcile(store, home);
  const located = async (experiment: Experiment) => {
    const { resolveModelPath } = await import('../models/discover.js');
    return withValues(experiment, { model: resolveModelPath(experiment.model, modelPlaces(env)) });
  };
  return {
    reader: store,
    knobs,
    defaults: shippedDefaults(),
    parse: (value) => parseExperiment(value),
    step: stepValue,
    models: async () => (await import('../models/discover.js')).discoverModels({ paths: modelPlaces(env) }),
    datasets: async () => (await import('../data/discover.js')).discoverDatasets(datasetPlaces()),
    estimate: async (experiment, hint) => (await import('../trainer/estimate.js')).estimate(await located(experiment), hint),
    startRun: async (experiment) => {
      const config = await located(experiment);
      const { id } = store.createRun({ name: runName(config), config });
      await startRun(home, id);
      return id;
    },
    resume: async (runId) => {
      const { prepareResume } = await import('../runner/resume.js');
      const run = store.run(runId);
      await prepareResume(store, home, { run, options: { config: run.config, from: null, branch: false } });
      await startRun(home, runId);
    },
    control: (runId, wanted) => control(home, runId, wanted),
    close() {
      clearInterval(watch);
      store.close();
    },
  };
}

/** The quickstart, so that Enter is enough; nothing where it has been taken away. */
function shippedDefaults(): Readonly<Record<string, unknown>> {
  const file = join(shippedExperiments, 'quickstart.yaml');
  if (!existsSync(file)) return {};
  const { experiment } = readExperiment(file);
  return existsSync(experiment.model) ? experiment : {};
}
