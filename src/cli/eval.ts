import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { homeFolder } from '../config/home.js';
import { withValues } from '../config/keys.js';
import type { Experiment } from '../config/schema.js';
import { discoverDatasets } from '../data/look/discover.js';
import type { Format } from '../data/template/formats.js';
import { openReader } from '../store/reader.js';
import type { RunRecord } from '../store/rows.js';
import { bestOf } from '../trainer/best.js';
import { checkPredicts, writePredictions } from '../trainer/generate/predict.js';
import { evaluateDataset } from '../trainer/open.js';
import { UserError } from '../util/errors.js';
import { tokenCache, withAssignments } from './experiment.js';
import { findSubject, withModel, type Subject } from './subject.js';
import type { Terminal } from './terminal.js';
import { evaluationLines, type EvaluationReport } from './view/evaluation.js';
import { redrawnLine } from './view/progress.js';

interface Options {
  /** None: the evaluation rows of the run. */
  readonly dataset?: string;
  readonly format?: string;
  readonly adapter?: string;
  readonly base?: true;
  readonly generate?: true;
  readonly out?: string;
  readonly maxNewTokens?: number;
  readonly numBeams?: number;
  readonly maxSamples?: number;
  readonly set: readonly string[];
  readonly json?: true;
}

/** Loss and perplexity over the label tokens of a dataset; accuracy over its rows where they are classes; how near its answers are where it writes them. */
export async function evaluate(terminal: Terminal, reference: string, options: Options): Promise<void> {
  checkOptions(options);
  const subject = findSubject(terminal, reference, options);
  const experiment = withAnswers(await evaluationOf(terminal, subject, options), options);
  const line = redrawnLine(terminal);
  const { answers, ...result } = await withModel({ ...subject, experiment }, terminal.env, (open) => {
    if (options.generate) checkPredicts(experiment, open.model, '--generate');
    return evaluateDataset(open, experiment, tokenCache(terminal.env), options.json ? undefined : (done, rows) => line.show(`${done} of ${rows} rows answered`));
  }).finally(line.clear);
  const predictionsFile = answers && freeFile(resolve(options.out ?? '.'));
  if (answers && predictionsFile !== null) await writePredictions(predictionsFile, answers.predictions);
  const report: EvaluationReport = {
    ...result,
    accuracy: experiment.dataset.format === 'classification' ? result.accuracy : null,
    weights: subject.weights,
    run: subject.run && { total_steps: subject.run.total_steps, ...bestStep(terminal, subject.run) },
    answers: answers && { ...answers.scores, rows: answers.predictions.length, file: predictionsFile },
  };
  if (!options.json) return terminal.print(evaluationLines(report, experiment, terminal.style).join('\n'));
  const { source, run, weights, ...figures } = report;
  terminal.json({ model: subject.model, adapter: subject.adapter, weights: { ...weights, ...run }, dataset: experiment.dataset.eval ?? experiment.dataset.path, split: source.split, ...figures });
}

function checkOptions({ generate, out, maxNewTokens, numBeams, maxSamples }: Options): void {
  if (generate) {
    if (out !== undefined) mkdirSync(out, { recursive: true }); // what cannot be is said before anything is computed
  } else if ([out, maxNewTokens, numBeams, maxSamples].some((option) => option !== undefined)) {
    throw new UserError('--out, --max-new-tokens, --num-beams and --max-samples say how rows are answered: add --generate');
  }
}

/** Earlier answers stay: theirs is the name without a number, or with a lower one. */
function freeFile(folder: string): string {
  const name = (number: number): string => join(folder, `generated_predictions${number === 1 ? '' : `-${number}`}.jsonl`);
  let number = 1;
  while (existsSync(name(number))) number++;
  return name(number);
}

/** A run that answers its rows as it learns is asked for no answers here, unless --generate says so. */
function withAnswers(experiment: Experiment, { generate, maxNewTokens, numBeams, maxSamples }: Options): Experiment {
  return withValues(experiment, {
    'train.predict_with_generate': generate === true,
    ...(maxNewTokens === undefined ? {} : { 'train.generation_max_new_tokens': maxNewTokens }),
    ...(numBeams === undefined ? {} : { 'train.generation_num_beams': numBeams }),
    ...(maxSamples === undefined ? {} : { 'train.max_predict_samples': maxSamples }),
  });
}

/** The update after which a run was best by its own metric; null where that was never measured. */
function bestStep(terminal: Terminal, { id, config }: RunRecord): { readonly metric: string; readonly best_step: number | null } {
  const { metric_for_best_model: metric } = config.train;
  const reader = openReader(homeFolder(terminal.env));
  try {
    const scores = reader.metrics(id, [metric]).filter(({ value }) => !Number.isNaN(value)).map(({ step, value }) => ({ step, metric, value }));
    return { metric, best_step: bestOf(scores)?.step ?? null };
  } finally {
    reader.close();
  }
}

/** The subject's own rows; or its own way of reading rows, on others, without its columns and template where the format is another. */
async function evaluationOf(terminal: Terminal, { experiment, run, model }: Subject, { dataset, format, set }: Options): Promise<Experiment> {
  if (dataset === undefined) {
    if (run === null) throw new UserError(`${model} is a model, which has no evaluation rows of its own: say which with --dataset`);
    if (format !== undefined) throw new UserError('--format goes with --dataset; the rows of a run are read as they were');
    return withAssignments(experiment, set);
  }
  const guessed = format === undefined && run === null ? await guessedFormat(experiment, dataset) : null;
  if (guessed !== null) terminal.note(`workbench: by their columns, these are rows of format ${guessed}; --format names another`);
  const asked = format ?? guessed ?? experiment.dataset.format;
  const own = asked === experiment.dataset.format;
  const rows = withValues(experiment, {
    'dataset.eval': resolve(dataset),
    'dataset.val_size': 0,
    'dataset.max_samples': null,
    'dataset.format': asked,
    ...(own ? {} : { 'dataset.columns': {}, 'dataset.template': null }),
  });
  return withAssignments(rows, set);
}

/** Rows of a question and its answer, told by their columns as `workbench datasets` does; null where they are none, or the model reads no such rows. */
async function guessedFormat({ stage }: Experiment, dataset: string): Promise<Format | null> {
  const answering: readonly Format[] = stage === 'sft' ? ['alpaca', 'sharegpt', 'chat', 'prompt-completion'] : stage === 'seq2seq' ? ['alpaca'] : [];
  const [found] = await discoverDatasets([dataset]);
  return answering.find((format) => format === found?.guess) ?? null;
}
