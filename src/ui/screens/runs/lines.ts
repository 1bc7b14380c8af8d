/** What the history says, as lines. */
import type { Knob } from '../../../config/limits.js';
import type { RunRecord } from '../../../store/rows.js';
import { formatCount, formatDuration, formatNumber, formatShare } from '../../../util/format.js';
import { blank, line } from '../../format/line.js';
import type { Line } from '../../format/line.js';
import { ageText, baseName, runSeconds, stateSpan } from '../../format/run.js';
import { clean, fit, wrap } from '../../format/text.js';
import type { RunData } from '../../run-data.js';
import type { Column } from '../../widgets/table.js';
import { newsLines } from '../live/lines.js';
import { valueAt } from '../new-run/draft.js';
import { showValue } from '../new-run/knob.js';
import type { SortKey, Tab } from './state.js';

/** The columns that `width` has room for; the one sorted by is marked. */
export function runColumns(width: number, now: number, sort: SortKey, mark: string): readonly Column<RunRecord>[] {
  const title = (text: string, key: SortKey): string => (key === sort ? `${text}${mark}` : text);
  const number = (value: number | null): string => (value === null ? '-' : formatNumber(value));
  const wide = width >= 110;
  const named = wide ? 20 : 11;
  const optional: readonly Column<RunRecord>[] = wide
    ? [
        { title: 'tuning', width: 8, cell: ({ config }) => ({ text: config.finetuning === 'lora' ? `lora ${config.lora.r}` : config.finetuning, tone: 'muted' }) },
        { title: 'accuracy', width: 8, right: true, cell: ({ accuracy }) => ({ text: accuracy === null ? '-' : formatShare(accuracy) }) },
      ]
    : [];
  return [
    { title: title('state', 'state'), width: 9, cell: stateSpan },
    { title: title('name', 'name'), width: 12, grow: true, cell: ({ name }) => ({ text: clean(name) }) },
    { title: 'model', width: named, cell: ({ config }) => ({ text: clean(baseName(config.model)), tone: 'muted' }) },
    { title: 'dataset', width: named, cell: ({ config }) => ({ text: clean(baseName(config.dataset.path)), tone: 'muted' }) },
    ...optional,
    { title: 'step', width: wide ? 13 : 7, right: true, cell: (run) => ({ text: stepText(run, wide) }) },
    { title: title('loss', 'loss'), width: 6, right: true, cell: ({ train_loss }) => ({ text: number(train_loss), tone: 'train' }) },
    { title: title('eval', 'eval loss'), width: 6, right: true, cell: ({ eval_loss }) => ({ text: number(eval_loss), tone: 'eval' }) },
    { title: title('age', 'newest'), width: 4, right: true, cell: ({ created_at }) => ({ text: ageText(created_at, now), tone: 'muted' }) },
  ];
}

function stepText({ step, total_steps, state }: RunRecord, wide: boolean): string {
  if (total_steps === null || (!wide && state === 'completed')) return formatCount(step);
  return wide ? `${formatCount(step)}/${formatCount(total_steps)}` : formatShare(step / total_steps);
}

/** One line: how it stands and what came out. */
export function summaryLine(run: RunRecord, now: number): Line {
  const seconds = runSeconds(run, now);
  const facts = [
    run.total_steps === null ? `step ${formatCount(run.step)}` : `step ${formatCount(run.step)}/${formatCount(run.total_steps)}`,
    run.train_loss === null ? null : `loss ${formatNumber(run.train_loss)}`,
    run.eval_loss === null ? null : `eval ${formatNumber(run.eval_loss)}`,
    run.accuracy === null ? null : `accuracy ${formatShare(run.accuracy)}`,
    seconds === null ? null : formatDuration(seconds),
  ].filter((fact) => fact !== null);
  const reason = run.reason === null ? '' : `  ${clean(run.reason)}`;
  return line(stateSpan(run), `  ${facts.join('  ')}`, [reason, run.state === 'failed' || run.state === 'crashed' ? 'bad' : 'muted']);
}

interface TabContent {
  readonly width: number;
  readonly knobs: readonly Knob[];
  readonly newline: string;
}

export function tabLines(tab: Tab, data: RunData, { width, knobs, newline }: TabContent): Line[] {
  switch (tab) {
    case 'configuration':
      return configurationLines(data.record, knobs, width);
    case 'samples':
      return orNone(newsLines({ ...data, warnings: [] }, width, newline), 'No samples: give sample.prompts to see what it learns.');
    case 'checkpoints':
      return checkpointLines(data.record, width);
    case 'warnings':
      return orNone(newsLines({ ...data, samples: [] }, width, newline), 'No warnings.');
  }
}

/** Every knob; what is not at its default stands out. */
function configurationLines({ id, config, engine, trainable_parameters, total_parameters }: RunRecord, knobs: readonly Knob[], width: number): Line[] {
  const row = (key: string, value: string, changed: boolean): Line => line([fit(key, Math.min(36, Math.floor(width / 2))), 'muted'], ' ', [clean(value), changed ? 'accent' : 'plain']);
  const trained = trainable_parameters === null || total_parameters === null ? [] : [row('trainable parameters', `${formatCount(trainable_parameters)} of ${formatCount(total_parameters)} (${formatShare(trainable_parameters / total_parameters)})`, false)];
  const shown = knobs.filter(({ group }) => (group !== 'lora' && group !== 'freeze') || group === config.finetuning);
  return [
    row('id', id, false),
    ...(engine === null ? [] : [row('engine', engine, false)]),
    ...trained,
    blank,
    ...shown.map((knob) => {
      const value = valueAt(config, knob.key);
      return row(knob.key, showValue(value), showValue(value) !== showValue(knob.default));
    }),
  ];
}

function checkpointLines({ checkpoints, output, resumed_from }: RunRecord, width: number): Line[] {
  const result = output === null ? [] : [line(['result  ', 'muted'], [clean(output), 'good']), blank];
  const origin = resumed_from === null ? [] : [line(['resumed from  ', 'muted'], clean(resumed_from)), blank];
  const kept = checkpoints.toReversed().flatMap(({ step, path, valid }) => wrap(path, width - 24).map((part, i) => line(fit(i === 0 ? `step ${formatCount(step)}` : '', 14), [fit(i === 0 ? (valid ? 'whole' : 'broken') : '', 8), valid ? 'good' : 'bad'], [part, 'muted'])));
  return orNone([...result, ...origin, ...kept], 'No checkpoint yet.');
}

function orNone(lines: Line[], none: string): Line[] {
  return lines.length > 0 ? lines : [line([none, 'muted'])];
}
