import { lengthHistogram } from '../data/preview.js';
import { estimate } from '../trainer/estimate.js';
import { loadExperiment, prepare } from './experiment.js';
import type { Terminal } from './terminal.js';
import { estimateLines } from './view/estimate.js';

/** Reads the data too, so that updates and the longest row are those of the run. */
export async function estimateExperiment(terminal: Terminal, file: string, { set, json }: { readonly set: readonly string[]; readonly json?: true }): Promise<void> {
  const experiment = loadExperiment(file, { set }, terminal.env);
  const { prepared } = await prepare(experiment, terminal.env);
  const { longest } = lengthHistogram(prepared.train, experiment.max_length);
  const result = estimate(experiment, { rows: prepared.train.length, longestRow: Math.min(longest, experiment.max_length) });
  if (json) terminal.json(result);
  else terminal.print(estimateLines(result, terminal.style).join('\n'));
}
