/** What the history says, as lines. */
import type { Knob } from '../../../config/limits.js';
import type { RunRecord } from '../../../store/rows.js';
import { formatCount, formatDuration, formatNumber, formatShare } from '../../../util/format.js';
import { blank, line } from '../../format/line.js';
import type { Line } from '../../format/line.js';
import { ageText, baseName, fitNumber, reasonTone, runSeconds, stateSpan } from '../../format/run.js';
import { clean, fit, widthOf, wrap } from '../../format/text.js';
import type { RunData } from '../../run-data.js';
import type { Glyphs } from '../../theme.js';
import type { Column } from '../../widgets/table.js';
import { newsLines, noSamples } from '../live/lines.js';
import { isLive } from '../live/state.js';
import { valueAt } from '../new-run/draft.js';
import { showValue } from '../new-run/knob.js';
import type { RunsState, SortKey, Tab } from './state.js';

export interface RunColumnsOptions {
  readonly width: number;
  readonly now: number;
  readonly order: Pick<RunsState, 'sort' | 'reverse'>;
  readonly glyphs: Glyphs;
}

/** The columns that `width` has room for; the one sorted by is marked. */
export function runColumns(rows: readonly RunRecord[], { width, now, order: { sort, reverse }, glyphs }: RunColumnsOptions): readonly Column<RunRecord>[] {
  const title = (text: string, key: SortKey): string => (key === sort ? `${text}${reverse ? glyphs.up : glyphs.down}` : text);
  const number = (value: number | null, columns: number): string => (value === null ? '-' : fitNumber(value, columns));
  const wide = width >= 110;
  const optional: readonly Column<RunRecord>[] = wide
    ? [
        { title: 'tuning', width: 8, cell: ({ config }) => ({ text: config.finetuning === 'lora' ? `lora ${config.lora.r}` : config.finetuning, tone: 'muted' }) },
        { title: 'accuracy', width: 8, right: true, cell: ({ accuracy }) => ({ text: accuracy === null ? '-' : formatShare(accuracy) }) },
      ]
    : [];
  const figures: readonly Column<RunRecord>[] = [
    ...optional,
    { title: 'step', width: wide ? 13 : 7, right: true, cell: (run) => ({ text: stepText(run, wide) }) },
    { title: title('loss', 'loss'), width: 7, right: true, cell: ({ train_loss }) => ({ text: number(train_loss, 7), tone: 'train' }) },
    { title: title('eval', 'eval loss'), width: 7, right: true, cell: ({ eval_loss }) => ({ text: number(eval_loss, 7), tone: 'eval' }) },
    { title: title('age', 'age'), width: 4, right: true, cell: ({ created_at }) => ({ text: ageText(created_at, now), tone: 'muted' }) },
  ];
  const state: Column<RunRecord> = { title: title('state', 'state'), width: 9, cell: stateSpan };
  const room = width - [state, ...figures].reduce((sum, column) => sum + column.width + 1, 0);
  return [state, ...textColumns(rows, room, title('name', 'name')), ...figures];
}

/** Columns below which a text tells nothing, and above which a name may be cut for the sake of others. */
const shortest = 8;
const nameEnough = 24;

/** Name, model and dataset in `room` columns: the name is whole before the others have a place. */
function textColumns(rows: readonly RunRecord[], room: number, nameTitle: string): Column<RunRecord>[] {
  const model = ({ config }: RunRecord): string => clean(baseName(config.model));
  const dataset = ({ config }: RunRecord): string => clean(baseName(config.dataset.path));
  const longest = (text: (run: RunRecord) => string): number => rows.reduce((most, run) => Math.max(most, widthOf(text(run))), shortest);
  const named = longest(({ name }) => clean(name));
  const places = Math.max(0, Math.min(2, Math.floor((room - Math.min(named, nameEnough)) / (shortest + 1))));
  const name = Math.min(named, room - places * (shortest + 1));
  const rest = room - name - places;
  const datasetWidth = places === 1 ? rest : Math.min(longest(dataset), Math.max(Math.floor(rest / 2), rest - longest(model)));
  return [
    { title: nameTitle, width: name, grow: true, cell: (run) => ({ text: clean(run.name) }) },
    ...(places === 2 ? [{ title: 'model', width: Math.min(longest(model), rest - datasetWidth), cell: (run: RunRecord) => ({ text: model(run), tone: 'muted' as const }) }] : []),
    ...(places > 0 ? [{ title: 'dataset', width: datasetWidth, cell: (run: RunRecord) => ({ text: dataset(run), tone: 'muted' as const }) }] : []),
  ];
}

function stepText({ step, total_steps, state }: RunRecord, wide: boolean): string {
  if (total_steps === null || (!wide && state === 'completed')) return formatCount(step);
  return wide ? `${formatCount(step)}/${formatCount(total_steps)}` : formatShare(step / total_steps);
}

/** How it stands and what came out; why it ended on lines of its own, whole. */
export function summaryLines(run: RunRecord, now: number, width: number): Line[] {
  const seconds = runSeconds(run, now);
  const facts = [
    run.total_steps === null ? `step ${formatCount(run.step)}` : `step ${formatCount(run.step)}/${formatCount(run.total_steps)}`,
    run.train_loss === null ? null : `loss ${formatNumber(run.train_loss)}`,
    run.eval_loss === null ? null : `eval ${formatNumber(run.eval_loss)}`,
    run.accuracy === null ? null : `accuracy ${formatShare(run.accuracy)}`,
    seconds === null ? null : formatDuration(seconds),
  ].filter((fact) => fact !== null);
  const reason = run.reason === null ? [] : wrap(run.reason, width).map((text) => line([text, reasonTone(run)]));
  return [line(stateSpan(run), `  ${facts.join('  ')}`), ...reason];
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
      return orNone(newsLines({ ...data, warnings: [] }, width, newline), isLive(data.record) && data.record.config.sample.prompts.length > 0 ? 'No sample yet: they come after evaluations.' : noSamples(data.record));
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
