/** A search as a table of its trials, best first. */
import { isAbsolute, relative } from 'node:path';
import { quoted } from '../../config/command.js';
import { knobOf } from '../../config/limits.js';
import { bestTrial, ranked } from '../../runner/search/ranking.js';
import { isUnended, type RunRecord, type SearchRecord, type SearchState, type TrialRecord } from '../../store/rows.js';
import { progressText } from '../../ui/format/search.js';
import { clean } from '../../ui/format/text.js';
import type { Tone } from '../../ui/theme.js';
import { formatNumber, formatShare } from '../../util/format.js';
import { settingText } from './run.js';
import { stateTone } from './runs.js';
import { table, type Column, type TableLook } from './table.js';

/** The run of a trial; null where it was deleted. */
export type RunOf = (trial: TrialRecord) => RunRecord | null;

export interface SearchLook extends TableLook {
  readonly runOf: RunOf;
  /** Trials shown at most, the best ones. */
  readonly most?: number;
}

export const searchTone: Readonly<Record<SearchState, Tone>> = { running: 'accent', stopped: 'warn', completed: 'good', failed: 'bad' };

export function searchLines(search: SearchRecord, { runOf, most = Infinity, ...look }: SearchLook): string[] {
  const { plan, trials } = search;
  const rows = ranked(search).map((trial) => ({ trial, run: runOf(trial) }));
  const columns: Column<(typeof rows)[number]>[] = [
    { title: 'run', value: ({ trial, run }) => run?.name ?? trial.name, shrink: true },
    ...plan.keys.map((key) => ({ title: titleOf(key, plan.keys), value: ({ trial }: (typeof rows)[number]) => settingText(trial.parameters[key]), right: isNumber(key), shrink: true })),
    ...[...plan.rungs.map((rung) => `at ${rung}`), 'at the end'].map((title, rung) => ({ title, value: ({ trial }: (typeof rows)[number]) => measuredText(search, trial, rung), right: true })),
    { title: 'state', value: ({ trial, run }) => trialState(search, trial, run), tone: ({ trial, run }) => trialTone(search, trial, run), shrink: true },
  ];
  const lines = table(columns, rows, look);
  const hidden = trials.length - most;
  return [headline(search, look.style), ...lines.slice(0, most + 1), ...(hidden > 0 ? [look.style.paint(`and ${hidden} more, behind these`, 'muted')] : [])];
}

/** What it compares, how it stands, and how far. */
export function headline(search: SearchRecord, style: TableLook['style']): string {
  const { name, state, reason, plan } = search;
  const why = reason === null ? '' : `: ${reason}`;
  return `${clean(name)}  ${style.paint(`${state}${why}`, searchTone[state])}  ${progressText(search)} (${plan.metric})`;
}

/** The command that trains the best trial again by itself, for a shell; null while nothing was measured. */
export function bestCommand(search: SearchRecord, folder = process.cwd()): string | null {
  const best = bestTrial(search);
  return best === null ? null : trialCommand(search, best, folder);
}

export function trialCommand({ plan }: SearchRecord, { parameters }: TrialRecord, folder = process.cwd()): string {
  const near = relative(folder, plan.experiment);
  const file = near.startsWith('..') || isAbsolute(near) ? plan.experiment : near;
  const values = Object.entries(parameters).map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return ['workbench train', quoted(file), ...[...plan.set, ...values].map((assignment) => `--set ${quoted(assignment)}`)].join(' ');
}

/** As `--json` tells it: best first, each trial with the command that trains it by itself. */
export function withBest(search: SearchRecord): object {
  const best = bestTrial(search);
  const trials = ranked(search).map((trial) => ({ ...trial, command: trialCommand(search, trial) }));
  return { ...search, trials, best: best === null ? null : { number: best.number, run: best.run, name: best.name, parameters: best.parameters, command: trialCommand(search, best) } };
}

function measuredText({ plan, trials }: SearchRecord, { measured }: TrialRecord, rung: number): string {
  if (rung >= measured.length) return '';
  const value = measured[rung];
  if (value === null) return 'nan';
  if (plan.metric === 'accuracy') return formatShare(value);
  // As many digits for all of a column, so that they can be compared.
  const widest = Math.max(...trials.flatMap((trial) => trial.measured[rung] ?? []).map(Math.abs));
  return widest >= 1e-2 && widest < 1e4 ? value.toFixed(4) : formatNumber(value);
}

/** What it does now, or why it is out. */
function trialState({ state, plan }: SearchRecord, { lost, measured, rung }: TrialRecord, run: RunRecord | null): string {
  if (lost !== null) return `out: ${shortReason(lost)}`;
  if (run === null) return 'deleted';
  if (isUnended(run)) return run.total_steps === null ? run.state : `${run.state} ${run.step}/${Math.min(run.total_steps, plan.rungs[rung] ?? Infinity)}`;
  if (measured.length > plan.rungs.length) return run.state;
  return state === 'running' && measured.length > rung ? `waits at ${plan.rungs[rung]}` : run.state;
}

/** `2nd of 4`, `crashed: killed by SIGKILL`: its first clause. The column before has where; its run has the whole. */
function shortReason(lost: string): string {
  return clean(lost).replace(/^failed: /, '').split(/[,;(]| at (?:update|the end)\b/)[0].trim();
}

function trialTone(search: SearchRecord, trial: TrialRecord, run: RunRecord | null): Tone {
  if (search.state !== 'running' && bestTrial(search)?.number === trial.number) return 'good';
  if (trial.lost !== null) return run?.state === 'failed' || run?.state === 'crashed' ? 'bad' : 'muted';
  return run === null ? 'muted' : run.state === 'stopped' ? 'plain' : stateTone[run.state];
}

/** The last part of the key where that tells it. */
function titleOf(key: string, keys: readonly string[]): string {
  const last = (each: string): string => each.slice(each.lastIndexOf('.') + 1);
  return keys.filter((each) => last(each) === last(key)).length > 1 ? key : last(key);
}

function isNumber(key: string): boolean {
  const kind = knobOf(key)?.kind;
  return kind === 'int' || kind === 'float';
}
