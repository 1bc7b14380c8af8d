/** What the live screen says, as lines. */
import { formatBytes, formatCount, formatDuration, formatNumber, formatShare } from '../../../util/format.js';
import { blank, line, spread } from '../../format/line.js';
import type { Line } from '../../format/line.js';
import { clean, fit, wrap } from '../../format/text.js';
import { remainingSeconds } from '../../run-data.js';
import type { RunData } from '../../run-data.js';
import type { Glyphs } from '../../theme.js';
import { progressBar } from '../../widgets/bar.js';

/** The last value of a metric; null where there is none. */
export function latest({ series }: RunData, key: string): number | null {
  return series[key]?.values.findLast(Number.isFinite) ?? null;
}

/** Progress, then pairs of facts. */
export function progressLines(data: RunData, { width, glyphs }: { readonly width: number; readonly glyphs: Glyphs }): Line[] {
  const { record } = data;
  const total = record.total_steps;
  const count = total === null ? formatCount(record.step) : `${formatCount(record.step)}/${formatCount(total)}`;
  const share = total ? ` ${formatShare(record.step / total)}` : '';
  const half = Math.floor(width / 2);
  const remaining = remainingSeconds(data);
  const pair = (left: readonly [string, string], right: readonly [string, string]): Line => [...fact(left, half), ...fact(right, width - half)];
  return [
    spread(progressBar(record.step, total ?? 0, { width: Math.max(4, width - count.length - share.length - 1), glyphs }), line(` ${count}`, [share, 'accent']), width),
    pair(['epoch', shown(record.epoch, (epoch) => epoch.toFixed(2))], ['left', shown(remaining, formatDuration)]),
    pair(['loss', shown(latest(data, 'loss') ?? record.train_loss, formatNumber)], ['tokens/s', shown(record.tokens_per_second, (rate) => formatCount(Math.round(rate)))]),
    pair(['eval', shown(record.eval_loss, formatNumber)], ['lr', shown(latest(data, 'learning_rate'), rateText)]),
    pair(record.accuracy === null ? ['ppl', shown(record.perplexity, formatNumber)] : ['accuracy', formatShare(record.accuracy)], ['grad norm', shown(latest(data, 'grad_norm'), formatNumber)]),
    pair(['best', shown(record.best_eval_loss, formatNumber)], ['memory', shown(latest(data, 'memory_bytes') ?? record.peak_memory_bytes, formatBytes)]),
  ];
}

function fact([name, value]: readonly [string, string], width: number): Line {
  return line([fit(name, 10), 'muted'], fit(value, width - 10));
}

function shown<T>(value: T | null, format: (value: T) => string): string {
  return value === null ? '-' : format(value);
}

/** 0.0001873 → "1.87e-4". */
export function rateText(rate: number): string {
  return rate === 0 || rate >= 0.01 ? String(Number(rate.toPrecision(3))) : rate.toExponential(2);
}

/** Warnings first, then the samples, newest first. */
export function newsLines({ samples, warnings }: RunData, width: number, newline: string): Line[] {
  const told = warnings.flatMap((warning) => wrap(warning, width - 2).map((text, i) => line([i === 0 ? '! ' : '  ', 'warn'], [text, 'warn'])));
  const spoken = samples.toReversed().flatMap(({ step, prompt, text }): Line[] => [
    line([`step ${formatCount(step)}  `, 'muted'], [clean(prompt, newline), 'accent']),
    ...wrap(text.trim() === '' ? '(nothing)' : text.trim(), width - 2).map((part) => line('  ', part)),
  ]);
  return told.length > 0 && spoken.length > 0 ? [...told, blank, ...spoken] : [...told, ...spoken];
}
