/** The experiments that a search tries. */
import { UserError } from '../../util/errors.js';
import { withValues } from '../keys.js';
import { refusalOf } from '../parse.js';
import type { Experiment } from '../schema.js';
import type { Search } from './file.js';
import { answerMetrics, searchMetrics } from './plan.js';
import { mostTrials } from './schema.js';
import { gridSets, gridSize, randomSets, type Values } from './space.js';

export interface Trial {
  readonly parameters: Values;
  readonly config: Experiment;
}

/**
 * The trials of a search over an experiment, each to stop at the first rung. The command of `on_finish` is not theirs but the
 * search's. Throws a UserError, with the line of the key, for a value that is not allowed, and for rungs or a metric that no trial would reach.
 */
export function trialsOf(search: Search, base: Experiment): Trial[] {
  const first = search.stop_losers.at[0] ?? null;
  const experimentOf = (values: Values): Experiment =>
    withValues(base, { ...values, on_finish: null, 'train.stop_at': first }, { placeOf: (path) => placeOf(search, path) });
  // Told whatever is drawn. Whether values go together is for whole sets of them to tell.
  for (const [key, domain] of search.space) {
    const refusal = ('values' in domain ? domain.values : [domain.from, domain.to]).map((value) => refusalOf(key, value)).find((each) => each !== null);
    if (refusal !== undefined) throw new UserError(`${placeOf(search, [key])}: ${refusal}`);
  }
  const trials = setsOf(search).map((parameters) => ({ parameters, config: experimentOf(parameters) }));
  for (const { config } of trials) checkRungs(search, config.train.max_steps > 0 ? config.train.max_steps : Infinity, config);
  return trials;
}

/** Throws a UserError where a trial of so many updates would end at or before a rung, or be measured by nothing there. */
export function checkRungs({ file, metric, stop_losers: { at } }: Pick<Search, 'file' | 'metric' | 'stop_losers'>, updates: number, { train, dataset }: Experiment): void {
  const beyond = at.find((rung) => rung >= updates);
  if (beyond !== undefined) throw new UserError(`${file}: \`stop_losers.at\` has ${beyond}, and a trial makes ${updates} updates: take rungs below that, or more updates (--set train.max_steps=${2 * beyond})`);
  if (metric === 'accuracy' && dataset.format !== 'classification') throw new UserError(`${file}: \`metric\` is accuracy, which is measured for \`dataset.format: classification\` alone: take eval_loss`);
  if (answerMetrics.includes(metric) && !train.predict_with_generate) throw new UserError(`${file}: \`metric\` is ${metric}, which is measured where the model answers its evaluation rows: add --set train.predict_with_generate=true, or take eval_loss`);
  const early = metric === 'loss' ? at.find((rung) => rung < train.logging_steps) : undefined;
  if (early !== undefined) throw new UserError(`${file}: \`metric\` is loss, which is logged every ${train.logging_steps} updates and so not yet at ${early}: lower train.logging_steps, or take later rungs`);
}

/** Throws a UserError where the metric is measured on rows for evaluation, and there are none. */
export function checkMeasured({ file, metric }: Pick<Search, 'file' | 'metric'>, evalRows: number): void {
  if (metric !== 'loss' && evalRows === 0) {
    throw new UserError(`${file}: \`metric\` is ${metric}, and the experiment has no rows to evaluate on: give it some (--set dataset.val_size=0.1, or dataset.eval), or compare by another of ${Object.keys(searchMetrics).join(', ')}`);
  }
}

function setsOf({ file, method, trials, seed, space }: Search): Values[] {
  if (method === 'random') {
    const wanted = trials ?? 1;
    const sets = randomSets(space, { seed, trials: wanted });
    if (sets.length < wanted) throw new UserError(`${file}: \`trials\` is ${wanted}, and no more than ${sets.length} different sets of values are to be had: lower it, or try them all with \`method: grid\``);
    return sets;
  }
  const size = gridSize(space);
  if (size > mostTrials) throw new UserError(`${file}: this grid has ${size} combinations, and a search tries ${mostTrials} at most: give fewer values, or draw some with \`method: random\``);
  return gridSets(space);
}

/** A key that is searched over by its line, what contradicts it by the file. */
function placeOf({ file, space, placeOf: placeOfKey }: Search, path: readonly PropertyKey[]): string {
  const key = path.join('.');
  const searched = [...space.keys()].find((each) => key === each || key.startsWith(`${each}.`));
  return searched === undefined ? file : placeOfKey(searched);
}
