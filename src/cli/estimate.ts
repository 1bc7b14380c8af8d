import { estimate, trainingLoader } from '../trainer/estimate.js';
import { loadExperiment, prepare } from './experiment.js';
import type { Terminal } from './terminal.js';
import { estimateLines } from './view/estimate.js';

/** Reads the data too, so that updates, lengths and labels are those of the run. */
export async function estimateExperiment(terminal: Terminal, file: string, { set, json }: { readonly set: readonly string[]; readonly json?: true }): Promise<void> {
  const experiment = loadExperiment(file, { set }, terminal.env);
  const { prepared } = await prepare(experiment, terminal.env);
  const loader = trainingLoader(experiment, prepared.train, { padId: 0 });
  const result = estimate(experiment, { data: { train: loader, eval: prepared.eval, cutRows: prepared.cutRows } });
  if (json) terminal.json(result);
  else terminal.print(estimateLines(result, terminal.style).join('\n'));
}
