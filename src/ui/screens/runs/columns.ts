/** Every column that the table of runs can have, and which of them have room. */
import { knobs } from '../../../config/limits.js';
import type { RunRecord } from '../../../store/rows.js';
import { formatBytes, formatCount, formatDuration, formatShare, formatShort } from '../../../util/format.js';
import type { Span } from '../../format/line.js';
import { ageText, baseName, fitNumber, runSeconds, stateSpan } from '../../format/run.js';
import { sparkline } from '../../format/sparkline.js';
import { clean, widthOf } from '../../format/text.js';
import type { Series } from '../../format/series.js';
import type { Glyphs, Tone } from '../../theme.js';
import type { Column } from '../../widgets/table.js';
import { valueAt } from '../new-run/draft.js';
import { showValue } from '../new-run/knob.js';

/** What cells are drawn with. */
export interface CellLook {
  readonly now: number;
  /** Room for both numbers of a step. */
  readonly wide: boolean;
  readonly sketches: Readonly<Record<string, Sketch>>;
  readonly depths: ReadonlyMap<string, number>;
  readonly glyphs: Glyphs;
}

/** The course of the loss in few points, and the step it was taken at. */
export interface Sketch {
  readonly step: number;
  readonly series: Series;
}

/** Points of a sketch, and columns it takes. */
export const sketchPoints = 12;

export interface RunColumn {
  readonly name: string;
  readonly title: string;
  /** Columns it takes; of a text, at most. */
  readonly width: number;
  readonly right?: boolean;
  /** What it is sorted by; null is last. Missing: it cannot be sorted by. */
  readonly value?: (run: RunRecord) => string | number | null;
  readonly cell: (run: RunRecord, look: CellLook) => Span;
}

const muted = (text: string): Span => ({ text: clean(text), tone: 'muted' });
const figure = (name: string, title: string, { value, tone }: { readonly value: (run: RunRecord) => number | null; readonly tone?: Tone }): RunColumn => ({
  name, title, width: 7, right: true, value,
  cell: (run) => ({ text: optional(value(run), (number) => fitNumber(number, 7)), tone }),
});
const measure = (name: string, width: number, { value, format }: { readonly value: (run: RunRecord) => number | null; readonly format: (value: number) => string }): RunColumn => ({
  name, title: name, width, right: true, value,
  cell: (run) => muted(optional(value(run), format)),
});

export const ageColumn = 'age';
export const lineageColumn = 'lineage';

/** In the order in which they are offered. */
const own: readonly RunColumn[] = [
  { name: 'state', title: 'state', width: 9, value: ({ state }) => state, cell: stateSpan },
  { name: 'name', title: 'name', width: 60, value: ({ name }) => name, cell: ({ id, name }, { depths, glyphs }) => ({ text: `${branch(depths.get(id) ?? 0, glyphs)}${clean(name)}` }) },
  { name: 'curve', title: 'loss curve', width: sketchPoints, cell: ({ id }, { sketches, glyphs }) => ({ text: id in sketches ? sparkline(sketches[id].series, sketchPoints, glyphs) : '', tone: 'train' }) },
  { name: 'model', title: 'model', width: 24, value: ({ config }) => baseName(config.model), cell: ({ config }) => muted(baseName(config.model)) },
  { name: 'dataset', title: 'dataset', width: 24, value: ({ config }) => baseName(config.dataset.path), cell: ({ config }) => muted(baseName(config.dataset.path)) },
  { name: 'tuning', title: 'tuning', width: 8, value: tuningOf, cell: (run) => muted(tuningOf(run)) },
  { name: 'accuracy', title: 'accuracy', width: 8, right: true, value: ({ accuracy }) => accuracy, cell: ({ accuracy }) => ({ text: optional(accuracy, formatShare) }) },
  { name: 'step', title: 'step', width: 13, right: true, value: ({ step }) => step, cell: (run, { wide }) => ({ text: stepText(run, wide) }) },
  figure('loss', 'loss', { value: ({ train_loss }) => train_loss, tone: 'train' }),
  figure('eval loss', 'eval', { value: ({ eval_loss }) => eval_loss, tone: 'eval' }),
  figure('best eval', 'best', { value: ({ best_eval_loss }) => best_eval_loss, tone: 'eval' }),
  figure('perplexity', 'ppl', { value: ({ perplexity }) => perplexity }),
  measure('tok/s', 7, { value: ({ tokens_per_second }) => tokens_per_second, format: formatShort }),
  measure('tokens', 7, { value: ({ tokens_seen }) => tokens_seen, format: formatShort }),
  measure('memory', 9, { value: ({ peak_memory_bytes }) => peak_memory_bytes, format: formatBytes }),
  measure('trained', 7, { value: ({ trainable_parameters }) => trainable_parameters, format: formatShort }),
  { name: 'took', title: 'took', width: 8, right: true, value: (run) => runSeconds(run, run.ended_at === null ? Infinity : 0), cell: (run, { now }) => muted(optional(runSeconds(run, now), formatDuration)) },
  { name: 'tags', title: 'tags', width: 20, value: ({ tags }) => tags.join(' ') || null, cell: ({ tags }) => ({ text: clean(tags.join(' ')), tone: 'accent' }) },
  { name: 'note', title: 'note', width: 30, value: ({ note }) => note || null, cell: ({ note }) => muted(note) },
  { name: 'reason', title: 'reason', width: 40, value: ({ reason }) => reason, cell: ({ reason }) => muted(reason ?? '') },
  { name: 'engine', title: 'engine', width: 24, value: ({ engine }) => engine, cell: ({ engine }) => muted(engine ?? '') },
  { name: 'id', title: 'id', width: 10, value: ({ id }) => id, cell: ({ id }) => muted(id) },
  { name: ageColumn, title: 'age', width: 4, right: true, value: ({ id }) => id, cell: ({ created_at }, { now }) => muted(ageText(created_at, now)) },
];

const settings: readonly RunColumn[] = knobs.map(({ key, kind }) => ({
  name: key,
  title: key.slice(key.lastIndexOf('.') + 1),
  width: kind === 'int' || kind === 'float' ? 9 : 16,
  right: kind === 'int' || kind === 'float',
  value: ({ config }) => {
    const value = valueAt(config, key);
    return typeof value === 'number' || typeof value === 'string' ? value : value === null || value === undefined ? null : JSON.stringify(value);
  },
  cell: ({ config }) => muted(showValue(valueAt(config, key))),
}));

/** The table's own first, then a column for each knob, by its key. */
export const runColumns: readonly RunColumn[] = [...own, ...settings.filter(({ name }) => !own.some((column) => column.name === name))];

const byName = new Map(runColumns.map((column) => [column.name, column]));

export function columnOf(name: string): RunColumn | null {
  return byName.get(name) ?? null;
}

/** What is shown where nobody has chosen, the first ones first where there is little room. */
const usual = ['state', 'name', 'loss', 'eval loss', 'age', 'step', 'curve', 'dataset', 'model', 'tuning', 'accuracy', 'best eval', 'tok/s', 'took', 'tags'];

/** Columns of a name that go before other columns. */
const nameEnough = 24;

export interface LayoutOptions {
  /** Names in order; null where nobody has chosen. */
  readonly chosen: readonly string[] | null;
  readonly width: number;
  readonly order: { readonly sort: string; readonly reverse: boolean };
  readonly look: Omit<CellLook, 'wide'>;
}

/** The columns that `width` has room for, over the rows that are seen; the one sorted by is marked. */
export function layOut(rows: readonly RunRecord[], { chosen, width, order, look }: LayoutOptions): readonly Column<RunRecord>[] {
  const wide = width >= 110;
  const full: CellLook = { ...look, wide };
  const sized = (chosen ?? usual).map(columnOf).filter((column) => column !== null).map((column) => ({ column, width: widthFor(column, rows, full) }));
  const named = sized.find(({ column }) => column.name === 'name');
  let room = width - Math.min(nameEnough, named?.width ?? 0);
  const fitting = sized.filter(({ column, width: taken }) => {
    if (column.name === 'name') return true;
    const fits = taken + 1 <= room;
    if (fits) room -= taken + 1;
    return fits;
  });
  const shown = chosen === null ? runColumns.flatMap((column) => fitting.filter((each) => each.column === column)) : fitting;
  const grows = named ? 'name' : shown.at(-1)?.column.name;
  return shown.map(({ column, width: taken }) => ({
    title: column.name === order.sort ? `${column.title}${order.reverse ? look.glyphs.up : look.glyphs.down}` : column.title,
    width: column.name === 'name' ? Math.min(taken, nameEnough) : taken,
    grow: column.name === grows,
    right: column.right,
    cell: (run) => column.cell(run, full),
  }));
}

/** Numbers have their width; a text takes what the longest that is seen needs. */
function widthFor({ name, title, width, right, cell }: RunColumn, rows: readonly RunRecord[], look: CellLook): number {
  if (name === 'step') return look.wide ? width : 7;
  if (right === true || name === 'curve' || name === 'state') return Math.max(width, title.length);
  return Math.min(width, rows.reduce((most, run) => Math.max(most, widthOf(cell(run, look).text)), title.length + 1));
}

function branch(depth: number, { bottomLeft, horizontal }: Glyphs): string {
  return depth === 0 ? '' : `${'  '.repeat(depth - 1)}${bottomLeft}${horizontal}`;
}

function stepText({ step, total_steps, state }: RunRecord, wide: boolean): string {
  if (total_steps === null || (!wide && state === 'completed')) return formatCount(step);
  return wide ? `${formatCount(step)}/${formatCount(total_steps)}` : formatShare(step / total_steps);
}

function tuningOf({ config }: RunRecord): string {
  return config.finetuning === 'lora' ? `lora ${config.lora.r}` : config.finetuning;
}

function optional(value: number | null, format: (value: number) => string): string {
  return value === null ? '-' : format(value);
}
