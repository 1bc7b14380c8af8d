/** What the panes of the form say, as lines. */
import type { Knob } from '../../../config/limits.js';
import { formatBytes, formatCount, formatShort } from '../../../util/format.js';
import { blank, fitLine, line, reversed } from '../../format/line.js';
import type { Line, Span } from '../../format/line.js';
import { clean, cutLeft, fit, wrap } from '../../format/text.js';
import type { DatasetEntry } from '../../../data/look/discover.js';
import type { ModelEntry } from '../../../models/discover.js';
import type { Glyphs, Tone } from '../../theme.js';
import { fieldLine } from '../../widgets/field-line.js';
import { windowStart } from '../../widgets/list.js';
import type { ListState } from '../../widgets/list.js';
import type { Column } from '../../widgets/table.js';
import { valueAt } from './draft.js';
import { knobSections, showValue } from './knob.js';
import type { PathCompletion } from '../../widgets/path-field.js';
import { comparedWith, currentKnob } from './state.js';
import type { NewRunState } from './state.js';

export interface Area {
  readonly width: number;
  readonly height: number;
  readonly glyphs: Glyphs;
}

/** Columns that a list leaves out where there is no room. */
const roomy = 56;

export function modelColumns({ glyphs, width }: Area, chosen: string): readonly Column<ModelEntry>[] {
  const tone = ({ supported, tokenizer }: ModelEntry): Tone => (!supported ? 'muted' : tokenizer ? 'plain' : 'warn');
  const dtype: Column<ModelEntry> = { title: '', width: 4, cell: (entry) => ({ text: entry.dtype ?? '', tone: 'muted' }) };
  return [
    { title: '', width: 1, cell: (entry) => ({ text: entry.path === chosen ? glyphs.chosen : ' ', tone: 'accent' }) },
    { title: '', width: 12, grow: true, cell: (entry) => ({ text: clean(entry.name), tone: tone(entry) }) },
    { title: '', width: 7, cell: (entry) => ({ text: entry.modelType ?? '', tone: 'muted' }) },
    { title: '', width: 6, right: true, cell: (entry) => ({ text: entry.parameters === null ? '' : parameterText(entry.parameters), tone: tone(entry) }) },
    { title: '', width: 8, right: true, cell: (entry) => ({ text: entry.bytes === null ? '' : formatBytes(entry.bytes), tone: 'muted' }) },
    ...(width >= roomy ? [dtype] : []),
  ];
}

export function datasetColumns({ glyphs, width }: Area, chosen: string): readonly Column<DatasetEntry>[] {
  const tone = ({ supported }: DatasetEntry): Tone => (supported ? 'plain' : 'muted');
  const size = ({ bytes }: DatasetEntry): string => (bytes === null ? '?' : formatBytes(bytes));
  const columns: Column<DatasetEntry> = { title: '', width: 18, cell: (entry) => ({ text: clean(entry.columns.join(', ')), tone: 'muted' }) };
  const bytes: Column<DatasetEntry> = { title: '', width: 8, right: true, cell: (entry) => ({ text: size(entry), tone: 'muted' }) };
  return [
    { title: '', width: 1, cell: (entry) => ({ text: entry.path === chosen ? glyphs.chosen : ' ', tone: 'accent' }) },
    { title: '', width: 12, grow: true, cell: (entry) => ({ text: clean(entry.name), tone: tone(entry) }) },
    ...(width >= roomy + 24 ? [columns] : []),
    { title: '', width: 14, cell: (entry) => ({ text: entry.guess ?? '', tone: 'muted' }) },
    { title: '', width: 6, right: true, cell: (entry) => ({ text: entry.rows === null ? (width >= roomy ? '' : size(entry)) : formatShort(entry.rows), tone: tone(entry) }) },
    ...(width >= roomy ? [bytes] : []),
  ];
}

/** Under a list: the filter or path being typed, else where the entry lies and why it cannot be used. */
export function listNote(list: ListState, entry: { readonly path: string; readonly reason?: string | null; readonly tokenizer?: boolean } | undefined, { width, glyphs }: Area): Line {
  if (list.typing) return line(['/', 'accent'], ...fieldLine(list.typing, width - 1));
  if (entry?.reason) return line([entry.reason, 'warn']);
  if (entry?.tokenizer === false) return line(['It has no tokenizer: name another folder under tokenizer.', 'warn']);
  const filter = list.filter === '' ? '' : `/${list.filter}  `;
  return line([filter, 'accent'], [entry ? cutLeft(clean(entry.path), width - filter.length, glyphs.ellipsis) : '', 'muted']);
}

/** Keys of knobs that there is advice about. */
export type Advised = ReadonlySet<string>;

/** The knobs around the cursor under their group headings, and below them what the one under the cursor means and costs. */
export function settingsLines(state: NewRunState, focused: boolean, area: Area & { readonly advised: Advised }): Line[] {
  const current = currentKnob(state);
  const rows = knobSections(state.knobs, state.draft).flatMap(({ title, knobs }): (Knob | string)[] => [title, ...knobs]);
  const note = noteLines(state, current, area);
  const height = Math.max(1, area.height - note.length);
  const cursor = rows.findIndex((row) => row === current);
  const start = windowStart(cursor, rows.length, height);
  const shown = rows.slice(start, start + height).map((row) => (typeof row === 'string' ? line({ text: row, tone: 'muted', bold: true }) : knobLine(row, state, { ...area, cursor: focused && row === current })));
  return [...shown, ...Array.from({ length: height - shown.length }, () => blank), ...note];
}

/** `!` before what there is advice about, a dot before what is not as it was at the start. */
function knobLine(knob: Knob, state: NewRunState, { width, glyphs, cursor, advised }: Area & { readonly advised: Advised; readonly cursor: boolean }): Line {
  const value = valueAt(state.draft, knob.key);
  const labelWidth = Math.min(28, Math.floor(width * 0.6));
  const label = fit(knob.label, labelWidth - 2, { ellipsis: glyphs.ellipsis });
  if (cursor && state.editing) return line({ text: `  ${label}`, tone: 'accent' }, ' ', ...fieldLine(state.editing.field, width - labelWidth - 1));
  const before = showValue(valueAt(comparedWith(state), knob.key));
  const changed = showValue(value) !== before;
  const mark: Span = advised.has(knob.key) ? { text: '! ', tone: 'warn' } : changed ? { text: `${glyphs.mark} `, tone: 'accent' } : { text: '  ' };
  const was = changed ? `  was ${clean(before)}` : '';
  const arrows = cursor && steps(knob) ? ` ${glyphs.left}${glyphs.right}` : '';
  const shown = line(mark, label, ' ', [clean(showValue(value)), changed ? 'accent' : 'plain'], [arrows, 'muted'], [was, 'muted']);
  return cursor ? reversed(fitLine(shown, width, glyphs.ellipsis)) : shown;
}

function steps(knob: Knob): boolean {
  return knob.kind === 'int' || knob.kind === 'float' || knob.kind === 'bool' || knob.kind === 'choice';
}

/** Always as many lines, so that the list above does not jump. */
function noteLines(state: NewRunState, knob: Knob | null, { width, height, glyphs }: Area): Line[] {
  if (knob === null) return [];
  const lines = helpLines(state, knob, width).slice(0, 2);
  const help = lines.length < 2 ? [blank, ...lines] : lines;
  return height >= 9 ? [...help, outlookLine(state, knob, glyphs)] : help;
}

function helpLines(state: NewRunState, knob: Knob, width: number): Line[] {
  const editing = state.editing?.key === knob.key ? state.editing : null;
  if (editing?.error) return wrap(`${knob.key} ${editing.error}`, width).map((part) => line([part, 'bad']));
  if (editing && editing.completions.length > 0) return wrap(completionText(editing.completions), width).map((part) => line([part, 'accent']));
  const help = `${knob.key}: ${knob.help}`;
  const choices = wrap(`${help} (${knob.choices.join(', ')})`, width);
  return (knob.kind === 'choice' && choices.length <= 2 ? choices : wrap(help, width)).map((part) => line([part, 'muted']));
}

export function completionText(completions: readonly PathCompletion[]): string {
  return completions.map(({ name }) => clean(name)).join('  ');
}

/** One step up, in figures: what it does to parameters, memory and updates. */
function outlookLine({ outlook, assessment, draft }: NewRunState, knob: Knob, glyphs: Glyphs): Line {
  const now = assessment?.estimate;
  if (outlook?.key !== knob.key || outlook.draft !== draft || !now) return blank;
  const { estimate: next } = outlook;
  const parts = [
    difference(next.trainable_parameters - now.trainable_parameters, formatShort, ' parameters'),
    difference(next.memory_bytes - now.memory_bytes, formatBytes, ''),
    next.steps === null || now.steps === null ? '' : difference(next.steps - now.steps, formatCount, ' updates'),
  ].filter((part) => part !== '');
  return line([`${glyphs.right} ${clean(showValue(outlook.value))}: `, 'accent'], [parts.length === 0 ? 'costs nothing' : parts.join(', '), 'muted']);
}

function difference(by: number, format: (size: number) => string, unit: string): string {
  return by === 0 ? '' : `${by > 0 ? '+' : '-'}${format(Math.abs(by))}${unit}`;
}

/** 1.1e9 → "1.10B", as model cards write it. */
function parameterText(count: number): string {
  return formatShort(count).replace('G', 'B');
}

