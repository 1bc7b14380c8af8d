import { resolve } from 'node:path';
import { withValues } from '../config/keys.js';
import type { Experiment } from '../config/schema.js';
import { evaluateDataset } from '../trainer/open.js';
import { UserError } from '../util/errors.js';
import { formatCount, formatNumber, formatShare } from '../util/format.js';
import { tokenCache, withAssignments } from './experiment.js';
import { findSubject, withModel, type Subject } from './subject.js';
import type { Terminal } from './terminal.js';
import { facts } from './view/table.js';

interface Options {
  /** None: the evaluation rows of the run. */
  readonly dataset?: string;
  readonly format?: string;
  readonly adapter?: string;
  readonly base?: true;
  readonly set: readonly string[];
  readonly json?: true;
}

/** Loss and perplexity over the label tokens of a dataset; accuracy over its rows where they are classes. */
export async function evaluate(terminal: Terminal, reference: string, options: Options): Promise<void> {
  const subject = findSubject(terminal, reference, options);
  const experiment = evaluationOf(subject, options);
  const result = await withModel({ ...subject, experiment }, terminal.env, (open) => evaluateDataset(open, experiment, tokenCache(terminal.env)));
  const accuracy = experiment.dataset.format === 'classification' ? result.accuracy : null;
  if (options.json) {
    terminal.json({ model: subject.model, adapter: subject.adapter, dataset: experiment.dataset.eval ?? experiment.dataset.path, ...result, accuracy });
    return;
  }
  const lines = facts(
    [
      ['loss', formatNumber(result.loss)],
      ['perplexity', formatNumber(result.perplexity)],
      ['accuracy', accuracy === null ? null : formatShare(accuracy)],
      ['rows', formatCount(result.rows)],
      ['label tokens', formatCount(result.tokens)],
      ...result.sets.map(({ name, loss, tokens }): [string, string] => [name, `loss ${formatNumber(loss)}, perplexity ${formatNumber(Math.exp(loss))}, ${formatCount(tokens)} label tokens`]),
    ],
    terminal.style,
  );
  terminal.print(lines.join('\n'));
}

/** The subject's own rows; or its own way of reading rows, on others, without its columns and template where the format is another. */
function evaluationOf({ experiment, run, model }: Subject, { dataset, format, set }: Options): Experiment {
  if (dataset === undefined) {
    if (run === null) throw new UserError(`${model} is a model, which has no evaluation rows of its own: say which with --dataset`);
    if (format !== undefined) throw new UserError('--format goes with --dataset; the rows of a run are read as they were');
    return withAssignments(experiment, set);
  }
  const own = format === undefined || format === experiment.dataset.format;
  const rows = withValues(experiment, {
    'dataset.eval': resolve(dataset),
    'dataset.val_size': 0,
    'dataset.max_samples': null,
    'dataset.format': format ?? experiment.dataset.format,
    ...(own ? {} : { 'dataset.columns': {}, 'dataset.template': null }),
  });
  return withAssignments(rows, set);
}
