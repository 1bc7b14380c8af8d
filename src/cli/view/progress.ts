/** Training events as lines of text. */
import { keptTexts } from '../../data/filter/filter.js';
import type { ReadProgress } from '../../data/reading.js';
import { textScoreNames, textScoreTitles } from '../../metrics/texts.js';
import type { EvalEvent, StartedEvent, StepEvent, TrainEvent } from '../../trainer/events.js';
import { counted, formatBytes, formatCount, formatDuration, formatNumber, formatShare, formatShort } from '../../util/format.js';
import { clean, cut, wrap } from '../../ui/format/text.js';
import type { Glyphs } from '../../ui/theme.js';
import type { Style, Terminal } from '../terminal.js';

export const clearLine = '\r\u001b[2K';

/** An event as a line of a log, or as several of at most `width` columns, broken between words. */
export function eventLine(event: TrainEvent, style: Style, width = Infinity): string {
  const wrapped = (text: string) => wrap(text, width).join('\n');
  switch (event.type) {
    case 'preparing':
      return preparingLine(event, { width, glyphs: style.glyphs });
    case 'started':
      return wrapped(startedLine(event));
    case 'step':
      return stepLine(event);
    case 'eval':
      return `${at(event)}  ${evalText(event)}${event.eval_seconds === null ? '' : `  (${formatDuration(event.eval_seconds)})`}`;
    case 'sample':
      return `${at(event)}  ${style.paint(clean(event.prompt, style.glyphs.newline), 'muted')}${event.apart ? ` ${style.glyphs.newline} ` : ''}${clean(event.text, style.glyphs.newline)}`;
    case 'checkpoint':
      return wrapped(`${at(event)}  saved ${event.path} (${formatBytes(event.bytes)})`);
    case 'warning':
      return style.paint(wrapped(`warning: ${clean(event.message)}`), 'warn');
    case 'paused':
      return `${at(event)}  paused`;
    case 'resumed':
      return wrapped(`${at(event)}  goes on${event.checkpoint === null ? '' : ` from ${event.checkpoint}`}`);
    case 'changed':
      return `${at(event)}  ${Object.entries(event.changes).map(([key, value]) => `${key} is ${String(value)} now`).join(', ')}`;
    case 'completed':
      return style.paint(wrapped(`completed after ${counted(event.step, 'update')}${event.reason === undefined ? '' : ` (${event.reason})`}; peak memory ${formatBytes(event.peak_memory_bytes)}; ${event.best === undefined ? '' : `the weights of update ${event.best.step} (${event.best.metric} ${formatNumber(event.best.value)}) `}saved in ${event.output}`), 'good');
    case 'stopped':
      return style.paint(wrapped(`stopped after ${event.step} of ${counted(event.total_steps, 'update')} (${event.reason}); ${event.output === null ? 'its checkpoint has what it has learned' : `saved in ${event.output}`}`), 'warn');
    case 'failed':
      return style.paint(`failed: ${clean(event.reason)}`, 'bad');
  }
}

function stepLine(event: StepEvent): string {
  return [
    at(event),
    `epoch ${event.epoch.toFixed(2)}`,
    `loss ${formatNumber(event.loss)}`,
    `lr ${event.learning_rate.toExponential(1)}`,
    `grad ${formatNumber(event.grad_norm)}`,
    `${formatShort(event.tokens_per_second)} tok/s`,
    `${formatDuration(event.remaining_time)} left`,
  ].join('  ');
}

/** A step as the one line that is redrawn, no wider than `width`. */
export function statusLine(event: StepEvent, evaluation: EvalEvent | null, look: { readonly width: number; readonly glyphs: Glyphs }): string {
  const done = event.total_steps === 0 ? 0 : event.step / event.total_steps;
  const evaluated = evaluation ? [`eval ${formatNumber(evaluation.eval_loss)}`] : [];
  const parts = [
    `${String(Math.floor(100 * done)).padStart(3)}% ${bar(done, look.glyphs)} ${event.step}/${event.total_steps}`,
    `loss ${formatNumber(event.loss)}`,
    ...evaluated,
    `${formatShort(event.tokens_per_second)} tok/s`,
    `${formatDuration(event.remaining_time)} left`,
    `lr ${event.learning_rate.toExponential(1)}`,
    formatBytes(event.memory_bytes),
  ];
  return cut(parts.join('  '), look.width, look.glyphs.ellipsis);
}

/** How far rows are tokenised, as one line no wider than `width`. */
export function preparingLine({ bytes, total_bytes, remaining_time }: ReadProgress, { width, glyphs }: { readonly width: number; readonly glyphs: Glyphs }): string {
  const share = bytes / total_bytes;
  return cut(`${String(Math.floor(100 * share)).padStart(3)}% ${bar(share, glyphs)} tokenised of ${formatBytes(total_bytes)}  ${formatDuration(remaining_time)} left`, width, glyphs.ellipsis);
}

/** One line that is redrawn and taken away; nothing where stdout is no terminal. */
export function redrawnLine(terminal: Terminal): { show(text: string): void; clear(): void } {
  let drawn = false;
  return {
    show(text) {
      if (!terminal.interactive) return;
      terminal.write(`${clearLine}${cut(text, terminal.width - 1, terminal.style.glyphs.ellipsis)}`);
      drawn = true;
    },
    clear() {
      if (drawn) terminal.write(clearLine);
    },
  };
}

/** The same of rows that are tokenised. */
export function redrawnProgress(terminal: Terminal): { show(progress: ReadProgress): void; clear(): void } {
  const line = redrawnLine(terminal);
  return { show: (progress) => line.show(preparingLine(progress, { width: terminal.width - 1, glyphs: terminal.style.glyphs })), clear: line.clear };
}

function startedLine(event: StartedEvent): string {
  const share = formatShare(event.trainable_parameters / event.total_parameters);
  const rows = `${counted(event.train_rows, 'row')}${event.eval_rows > 0 ? ` + ${formatCount(event.eval_rows)} to evaluate` : ''}`;
  return [
    `${event.engine}`,
    `${formatCount(event.trainable_parameters)} of ${formatCount(event.total_parameters)} parameters trained (${share}); ${rows}; ${counted(event.total_steps, 'update')}; about ${formatBytes(event.estimated_memory_bytes)} of memory`,
    ...keptTexts(event.sets ?? []).map((text) => clean(text)),
  ].join('\n');
}

function evalText(event: EvalEvent): string {
  const accuracy = event.accuracy === null ? [] : [`accuracy ${formatShare(event.accuracy)}`];
  const sets = Object.entries(event.set_losses ?? {}).map(([name, loss]) => `${clean(name)} ${formatNumber(loss)}`);
  const bySet = sets.length === 0 ? [] : [`(${sets.join(', ')})`];
  const { scores } = event;
  const answers = scores ? textScoreNames.map((name) => `${textScoreTitles[name]} ${scores[name].toFixed(1)}`) : [];
  return [`eval loss ${formatNumber(event.eval_loss)}`, ...bySet, `perplexity ${formatNumber(event.perplexity)}`, ...accuracy, ...answers].join('  ');
}

function at({ step, total_steps }: { readonly step: number; readonly total_steps: number }): string {
  const total = String(total_steps);
  return `step ${String(step).padStart(total.length)}/${total}`;
}

function bar(share: number, { full, empty }: Glyphs): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * 20);
  return full.repeat(filled) + empty.repeat(20 - filled);
}
