import { lengthHistogram, previewRows } from '../data/preview.js';
import { loadExperiment, prepare } from './experiment.js';
import type { Terminal } from './terminal.js';
import { dataLines, type DataReport } from './view/data.js';

interface Options {
  readonly set: readonly string[];
  readonly rows: number;
  readonly json?: true;
}

/** Shows the rows of an experiment as the model will see them. */
export async function data(terminal: Terminal, file: string, { set, rows, json }: Options): Promise<void> {
  const experiment = loadExperiment(file, { set }, terminal.env);
  const { tokenizer, prepared } = await prepare(experiment, terminal.env);
  const report: DataReport = {
    train_rows: prepared.train.length,
    eval_rows: prepared.eval?.length ?? 0,
    tokens: prepared.train.totalTokens,
    label_tokens: prepared.train.totalLabels,
    max_length: experiment.max_length,
    lengths: lengthHistogram(prepared.train, experiment.max_length),
    rows: previewRows(prepared, tokenizer, rows),
    rejected: prepared.rejected,
  };
  if (json) terminal.json(report);
  else terminal.print(dataLines(report, terminal).join('\n'));
}
