/** What an evaluation found, as text. */
import { basename } from 'node:path';
import type { Experiment } from '../../config/schema.js';
import { textScoreNames, textScoreTitles, type TextScores } from '../../metrics/texts.js';
import type { DatasetEvaluation } from '../../trainer/open.js';
import { clean } from '../../ui/format/text.js';
import { counted, formatCount, formatNumber, formatShare } from '../../util/format.js';
import type { Weights } from '../subject.js';
import type { Style } from '../terminal.js';
import { facts } from './table.js';

export interface EvaluationReport extends Omit<DatasetEvaluation, 'accuracy' | 'answers'> {
  /** Null where rows are no classes. */
  readonly accuracy: number | null;
  readonly weights: Weights;
  /** Null for a folder that no run made. */
  readonly run: { readonly total_steps: number | null; readonly metric: string; readonly best_step: number | null } | null;
  readonly answers: (TextScores & { readonly rows: number; readonly file: string | null }) | null;
}

export function evaluationLines({ weights, run, source, answers, ...result }: EvaluationReport, { dataset, train: { seed } }: Experiment, style: Style): string[] {
  const from = source.paths.map((path) => clean(basename(path))).join(', ');
  const split = {
    validation: `the validation split of ${from}`,
    test: `the test split of ${from}`,
    all: from,
    'held-out': `those held out of ${from} (val_size ${dataset.val_size}, seed ${seed})`,
  }[source.split];
  return facts(
    [
      ['weights', weightsText(weights, run)],
      ['rows', `${formatCount(result.rows)}: ${split}`],
      ['loss', formatNumber(result.loss)],
      ['perplexity', formatNumber(result.perplexity)],
      ['accuracy', result.accuracy === null ? null : formatShare(result.accuracy)],
      ['label tokens', formatCount(result.tokens)],
      ...result.sets.map(({ name, loss, tokens }): [string, string] => [name, `loss ${formatNumber(loss)}, perplexity ${formatNumber(Math.exp(loss))}, ${formatCount(tokens)} label tokens`]),
      ...(answers === null ? [] : textScoreNames.map((name): [string, string] => [textScoreTitles[name], name === 'exact_match' ? `${answers[name].toFixed(1)}%` : answers[name].toFixed(2)])),
      ['answers', answers && `${counted(answers.rows, 'row')}${answers.file === null ? '' : `, in ${clean(answers.file)}`}`],
    ],
    style,
  );
}

function weightsText({ kind, path, step, best_by }: Weights, run: EvaluationReport['run']): string {
  if (kind === 'folder') return clean(path);
  if (kind === 'base') return `the base it began with, ${clean(path)}`;
  const of = run?.total_steps == null ? '' : ` of ${run.total_steps}`;
  const when = step === null ? 'its output, which is older than its last updates' : `after update ${step}${of}${kind === 'checkpoint' ? ', its newest checkpoint' : ''}`;
  if (best_by !== null) return `${when}, the best by ${best_by}`;
  if (run === null || run.best_step === null || step === null) return when;
  const best = run.metric === 'eval_loss' ? 'its lowest eval loss' : `its best ${run.metric}`;
  return `${when} (${best}${run.best_step === step ? '' : ` was after ${run.best_step}`})`;
}
