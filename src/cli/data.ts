import { lengthHistogram, previewRows } from '../data/look/preview.js';
import { UserError } from '../util/errors.js';
import { loadExperiment, prepare } from './experiment.js';
import type { Terminal } from './terminal.js';
import { dataLines, rowLines, type DataReport } from './view/data.js';

interface Options {
  readonly set: readonly string[];
  readonly rows: number;
  readonly row?: readonly number[];
  readonly json?: true;
}

/** Shows the rows of an experiment as the model will see them. */
export async function data(terminal: Terminal, file: string, { set, rows, row, json }: Options): Promise<void> {
  const experiment = await loadExperiment(file, { set }, terminal);
  const { tokenizer, prepared } = await prepare(experiment, terminal);
  const beyond = row?.find((each) => each > prepared.train.length);
  if (beyond !== undefined) throw new UserError(`there is no row ${beyond}: there are ${prepared.train.length} to train on`);
  const wanted = row?.map((each) => each - 1) ?? Array.from({ length: Math.min(rows, prepared.train.length) }, (_, i) => i);
  const report: DataReport = {
    train_rows: prepared.train.length,
    eval_rows: prepared.eval?.length ?? 0,
    tokens: prepared.train.totalTokens,
    label_tokens: prepared.train.totalLabels,
    max_length: experiment.max_length,
    lengths: lengthHistogram(prepared.train, experiment.max_length),
    rows: previewRows(prepared, tokenizer, wanted),
    rejected: prepared.rejected,
    rejected_count: prepared.rejectedCount,
    sets: prepared.shares,
  };
  if (json) terminal.json(report);
  else terminal.print((row === undefined ? dataLines(report, terminal) : rowLines(report.rows, terminal).slice(1)).join('\n'));
}
