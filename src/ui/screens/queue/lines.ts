/** The queue as lines. */
import { formatDuration } from '../../../util/format.js';
import { blank, line } from '../../format/line.js';
import type { Line, Span } from '../../format/line.js';
import { ageText, baseName, fitNumber, stateSpan } from '../../format/run.js';
import { clean, wrap } from '../../format/text.js';
import type { Glyphs } from '../../theme.js';
import { progressBar } from '../../widgets/bar.js';
import { tableLines } from '../../widgets/table.js';
import type { Column } from '../../widgets/table.js';
import { secondsLeft } from './state.js';
import type { Entry } from './state.js';

export interface Area {
  readonly width: number;
  readonly height: number;
  readonly glyphs: Glyphs;
  readonly now: number;
}

export function queueLines(entries: readonly Entry[], cursor: number, { width, height, glyphs, now }: Area): Line[] {
  const bar = width >= 100 ? 20 : 10;
  const columns: Column<Entry>[] = [
    { title: '', width: 3, right: true, cell: ({ standing, place }) => (standing === 'running' ? { text: glyphs.chosen, tone: 'accent' } : { text: place === null ? '' : String(place), tone: 'muted' }) },
    { title: 'run', width: 16, grow: true, cell: ({ run }) => ({ text: clean(run.name) }) },
    { title: 'state', width: 9, cell: ({ standing, run }) => (standing === 'cut off' ? { text: 'cut off', tone: 'bad' } : stateSpan(run)) },
    { title: 'progress', width: bar, cell: ({ run }) => progress(run, bar, glyphs) },
    { title: 'step', width: 13, right: true, cell: ({ run: { step, total_steps: total } }) => ({ text: total === null ? '' : `${step}/${total}`, tone: 'muted' }) },
    { title: 'loss', width: 7, right: true, cell: ({ run: { train_loss: loss } }) => ({ text: loss === null ? '' : fitNumber(loss, 7), tone: 'train' }) },
    { title: 'left', width: 8, right: true, cell: (entry) => ({ text: whenText(entry, now), tone: entry.standing === 'running' ? 'plain' : 'muted' }) },
    ...(width >= 130 ? [{ title: 'why', width: Math.floor(width / 3), cell: ({ why }: Entry) => ({ text: clean(why), tone: 'muted' as const }) }] : []),
  ];
  return tableLines(entries, columns, { width, height, cursor, focused: true, glyphs });
}

/** A bar in one span: its row may be reversed. */
function progress({ step, total_steps: total }: Entry['run'], width: number, glyphs: Glyphs): Span {
  if (total === null) return { text: '' };
  return { text: progressBar(step, total, { width, glyphs }).map(({ text }) => text).join(''), tone: 'accent' };
}

/** What is left of one that runs; how long ago one ended. */
function whenText({ standing, run }: Entry, now: number): string {
  const left = secondsLeft(run);
  if (left !== null) return formatDuration(left);
  if (standing !== 'ended' && standing !== 'cut off') return '';
  const age = ageText(run.ended_at ?? run.started_at ?? run.created_at, now);
  return age === 'now' ? 'just now' : `${age} ago`;
}

/** The entry under the cursor, whole. */
export function entryLines({ run, why, place, standing }: Entry, { width, glyphs }: Area): Line[] {
  const { model, dataset, finetuning } = run.config;
  const left = secondsLeft(run);
  const done = run.total_steps ? run.step / run.total_steps : 0;
  const state: Span = standing === 'cut off' ? { text: 'cut off', tone: 'bad' } : stateSpan(run);
  const facts = [`${run.step}/${run.total_steps ?? '?'} steps`, `${(100 * done).toFixed(1)}%`, left === null ? null : `${formatDuration(left)} left`, run.tokens_per_second === null ? null : `${Math.round(run.tokens_per_second)} tokens/s`, run.eval_loss === null ? null : `eval loss ${fitNumber(run.eval_loss, 7)}`];
  const said = facts.filter((fact) => fact !== null).join('  ');
  const bar = Math.max(8, Math.min(40, Math.floor(width / 3), width - said.length - 2));
  return [
    line(state, [place === null ? '' : `  number ${place} in line`, 'muted'], `  ${clean(run.name)}  `, [`${finetuning}, ${clean(baseName(model))} on ${clean(baseName(dataset.path))}`, 'muted']),
    run.total_steps === null ? blank : [...progressBar(run.step, run.total_steps, { width: bar, glyphs }), { text: `  ${said}` }],
    ...(why === '' ? [] : wrap(why, width).map((text) => line([text, standing === 'cut off' || run.state === 'failed' ? 'bad' : 'muted']))),
  ];
}

export const emptyQueue: readonly string[] = ['Nothing runs and nothing waits.', '', 'a puts an experiment file in line, f the new run as its form is filled in; Q among the runs queues one again.', 'What is in line starts by itself, one after the other, whether or not this screen is open.'];
