/** The cost of a draft, asked for at every key: nothing is tokenised for it, but what has been is used. */
import { join } from 'node:path';
import { homeFolder, type Environment } from '../../config/home.js';
import type { Experiment } from '../../config/schema.js';
import { NotTokenised } from '../../data/split.js';
import { dataBytes, prepareDataset, type PreparedDataset } from '../../data/dataset.js';
import { loadTokenizer, type Tokenizer } from '../../data/tokenizer/index.js';
import { readModel, withClasses } from '../../models/registry.js';
import { purposeOf } from '../../models/task.js';
import { calibrated } from '../../trainer/calibration.js';
import { estimate, trainingLoader, type Estimate } from '../../trainer/estimate.js';
import type { Measurement } from '../../trainer/events.js';

/** `rows` of the dataset where they have been counted; what is too large for that is too large to be read at every key. */
export type Estimator = (experiment: Experiment, hint: { readonly rows?: number }) => Promise<Estimate>;

/** `measurements` of finished runs calibrate it. Rejects with the UserErrors that a run would meet, as far as it looks. Remembers what it read last. */
export function makeEstimator(env: Environment, measurements: () => readonly Measurement[]): Estimator {
  const cacheFolder = join(homeFolder(env), 'cache', 'tokens');
  let tokenizer: { readonly place: string; readonly loaded: Promise<Tokenizer> } | null = null;
  let known: { readonly key: string; readonly rows: PreparedDataset } | null = null;

  async function tokenisedRows(experiment: Experiment): Promise<PreparedDataset | null> {
    const place = experiment.tokenizer ?? experiment.model;
    const key = JSON.stringify([place, experiment.dataset, experiment.stage, experiment.max_length, experiment.train.seed]);
    if (known?.key === key) return known.rows;
    if (tokenizer?.place !== place) tokenizer = { place, loaded: loadTokenizer(place) };
    try {
      const rows = await prepareDataset(withClasses(experiment), await tokenizer.loaded, { cacheFolder, tokenise: false });
      known = { key, rows };
      return rows;
    } catch (error) {
      if (error instanceof NotTokenised) return null;
      throw error;
    }
  }

  return async (experiment, { rows }) => {
    const tokenised = rows === undefined ? null : await tokenisedRows(experiment);
    const asMeasured = (raw: Estimate) => calibrated(experiment, raw, measurements());
    if (tokenised === null) return asMeasured(estimate(experiment, rows === undefined ? {} : { rows, tokenising: dataBytes(experiment) }));
    const model = readModel(experiment.model, purposeOf(experiment));
    return asMeasured(estimate(experiment, { model, data: { ...tokenised, train: trainingLoader(experiment, tokenised.train, { model, padId: 0 }) } }));
  };
}
