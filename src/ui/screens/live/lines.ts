/** What the live screen says, as lines. */
import type { HistoryRow, RunRecord } from '../../../store/rows.js';
import { formatBytes, formatCount, formatDuration, formatNumber, formatShare } from '../../../util/format.js';
import { blank, line, spread } from '../../format/line.js';
import type { Line } from '../../format/line.js';
import { reasonTone } from '../../format/run.js';
import { clean, fit, wrap } from '../../format/text.js';
import { latest, remainingSeconds } from '../../run-data.js';
import type { RunData } from '../../run-data.js';
import type { Glyphs, Tone } from '../../theme.js';
import { progressBar } from '../../widgets/bar.js';
import { isUnended } from '../../../store/rows.js';

/** Columns of a fact's name on either side, and in all what a pair needs to be read whole. */
const nameWidth = { left: 9, right: 10 } as const;
export const pairWidth = 36;

/** Progress, then pairs of facts. */
export function progressLines(data: RunData, { width, glyphs }: { readonly width: number; readonly glyphs: Glyphs }): Line[] {
  const { record } = data;
  const total = record.total_steps;
  const count = total === null ? formatCount(record.step) : `${formatCount(record.step)}/${formatCount(total)}`;
  const share = total ? ` ${formatShare(record.step / total)}` : '';
  const half = Math.floor(width / 2) - 1;
  const remaining = remainingSeconds(data);
  const pair = (left: readonly [string, string], right: readonly [string, string]): Line => [...fact(left, half, nameWidth.left), ...fact(right, width - half, nameWidth.right)];
  return [
    spread(progressBar(record.step, total ?? 0, { width: Math.max(4, width - count.length - share.length - 1), glyphs }), line(` ${count}`, [share, 'accent']), width),
    pair(['epoch', shown(record.epoch, (epoch) => epoch.toFixed(2))], ['left', shown(remaining, formatDuration)]),
    pair(['loss', shown(latest(data, 'loss') ?? record.train_loss, formatNumber)], ['tokens/s', shown(record.tokens_per_second, (rate) => formatCount(Math.round(rate)))]),
    pair(['eval', shown(record.eval_loss, formatNumber)], ['lr', shown(latest(data, 'learning_rate'), rateText)]),
    pair(measure(data), ['grad norm', shown(latest(data, 'grad_norm'), formatNumber)]),
    pair(['best', shown(record.best_eval_loss, formatNumber)], ['memory', shown(latest(data, 'memory_bytes') ?? record.peak_memory_bytes, formatBytes)]),
  ];
}

/** What an evaluation found beside its loss: of classes, of answers, else of tokens. */
function measure(data: RunData): readonly [string, string] {
  const { accuracy, perplexity } = data.record;
  if (accuracy !== null) return ['accuracy', formatShare(accuracy)];
  const rouge = latest(data, 'rougeL');
  return rouge === null ? ['ppl', shown(perplexity, formatNumber)] : ['ROUGE-L', rouge.toFixed(1)];
}

function fact([name, value]: readonly [string, string], width: number, named: number): Line {
  return line([fit(name, named), 'muted'], fit(value, width - named));
}

function shown<T>(value: T | null, format: (value: T) => string): string {
  return value === null ? '-' : format(value);
}

/** 0.0001873 → "1.87e-4". */
export function rateText(rate: number): string {
  return rate === 0 || rate >= 0.01 ? String(Number(rate.toPrecision(3))) : rate.toExponential(2);
}

/** Why it ended, then warnings, then the samples, newest first. */
export function newsLines({ record, samples, warnings }: RunData, width: number, newline: string): Line[] {
  const reason = record.reason === null ? [] : marked(record.reason, width, reasonTone(record));
  const told = [...reason, ...warnings.flatMap((warning) => marked(warning, width, 'warn'))];
  const spoken = samples.toReversed().flatMap(({ step, prompt, text }): Line[] => [
    line([`step ${formatCount(step)}  `, 'muted'], [clean(prompt, newline), 'accent']),
    ...wrap(text.trim() === '' ? '(nothing)' : text.trim(), width - 2).map((part) => line('  ', part)),
  ]);
  return told.length > 0 && spoken.length > 0 ? [...told, blank, ...spoken] : [...told, ...spoken];
}

function marked(text: string, width: number, tone: Tone): Line[] {
  return wrap(text, width - 2).map((part, i) => line([i === 0 ? '! ' : '  ', tone], [part, tone]));
}

/** Why a run has no samples and will have none. */
export function noSamples({ config }: RunRecord): string {
  return config.sample.prompts.length === 0 ? 'No samples: sample.prompts was empty. Set it under samples on New run.' : 'There were no samples.';
}

/** What is said where a run has told nothing: of one that waits, goes on, or has ended. */
export function nothingYet(record: RunRecord): string {
  if (!isUnended(record)) return `No warnings. ${noSamples(record)}`;
  return record.config.sample.prompts.length === 0 ? 'No warnings. There will be no samples: sample.prompts is empty.' : 'Nothing yet. Samples come after evaluations.';
}

/** A data set's first run reads all of it before its first step. */
function tokenising({ bytes, total_bytes: total, remaining_time: left }: HistoryRow['details']): string {
  return `${formatShare(Number(bytes) / Number(total))} of ${formatBytes(Number(total))} is tokenised, ${formatDuration(Number(left))} left; what is, is kept for later runs.`;
}

/** What is said in place of a curve. */
export function noCurve({ record, ahead, history }: RunData): string {
  if (!isUnended(record)) return 'This run logged no step.';
  const told = history.at(-1);
  if (record.state === 'running' && told?.type === 'preparing') return tokenising(told.details);
  if (record.state !== 'queued') return 'The first step is on its way: models are read and compiled before it.';
  if (ahead === null) return 'It is being started.';
  return ahead.length === 0 ? 'It waits in the queue and is the next to start.' : `It waits in the queue behind ${ahead.map((name) => clean(name)).join(', ')}.`;
}
