import { homeFolder } from '../config/home.js';
import { whyNot } from '../engine/registry.js';
import { readModel } from '../models/registry.js';
import { purposeOf } from '../models/task.js';
import { openReader } from '../store/reader.js';
import { calibrated } from '../trainer/calibration.js';
import { estimate, trainingLoader } from '../trainer/estimate.js';
import { loadExperiment, prepare } from './experiment.js';
import type { Terminal } from './terminal.js';
import { estimateLines } from './view/estimate.js';

/** Reads the data too, so that updates, lengths and labels are those of the run. */
export async function estimateExperiment(terminal: Terminal, file: string, { set, json }: { readonly set: readonly string[]; readonly json?: true }): Promise<void> {
  const experiment = await loadExperiment(file, { set }, terminal);
  const { prepared } = await prepare(experiment, terminal);
  const model = readModel(experiment.model, purposeOf(experiment));
  const loader = trainingLoader(experiment, prepared.train, { model, padId: 0 });
  const raw = estimate(experiment, { model, data: { ...prepared, train: loader } });
  const reader = openReader(homeFolder(terminal.env));
  const found = calibrated(experiment, raw, reader.measurements());
  reader.close();
  const missing = await whyNot(experiment.engine);
  const result = missing === null ? found : { ...found, warnings: [missing, ...found.warnings] };
  if (json) terminal.json(result);
  else terminal.print(estimateLines(result, terminal.style).join('\n'));
}
