/** What the panes of the form say, as lines. */
import type { Knob } from '../../../config/limits.js';
import { formatBytes, formatCount, formatFlops, formatShare, formatShort } from '../../../util/format.js';
import type { Estimate, MemoryParts } from '../../../trainer/estimate.js';
import { blank, fitLine, line, reversed } from '../../format/line.js';
import type { Line } from '../../format/line.js';
import { clean, cutLeft, fit, wrap } from '../../format/text.js';
import type { DatasetEntry } from '../../../data/discover.js';
import type { ModelEntry } from '../../../models/discover.js';
import type { Glyphs, MemoryTone, Theme, Tone } from '../../theme.js';
import { stackedBar } from '../../widgets/bar.js';
import { fieldLine } from '../../widgets/field-line.js';
import { windowStart } from '../../widgets/list.js';
import type { ListState } from '../../widgets/list.js';
import type { Column } from '../../widgets/table.js';
import { valueAt } from './draft.js';
import { knobSections, showValue } from './knob.js';
import { currentKnob } from './state.js';
import type { NewRunState } from './state.js';

interface Area {
  readonly width: number;
  readonly height: number;
  readonly glyphs: Glyphs;
}

export function modelColumns(glyphs: Glyphs, chosen: string): readonly Column<ModelEntry>[] {
  const tone = ({ supported }: ModelEntry): Tone => (supported ? 'plain' : 'muted');
  return [
    { title: '', width: 1, cell: (entry) => ({ text: entry.path === chosen ? glyphs.chosen : ' ', tone: 'accent' }) },
    { title: '', width: 12, grow: true, cell: (entry) => ({ text: clean(entry.name), tone: tone(entry) }) },
    { title: '', width: 7, cell: (entry) => ({ text: entry.modelType ?? '', tone: 'muted' }) },
    { title: '', width: 6, right: true, cell: (entry) => ({ text: entry.parameters === null ? '' : parameterText(entry.parameters), tone: tone(entry) }) },
    { title: '', width: 8, right: true, cell: (entry) => ({ text: entry.bytes === null ? '' : formatBytes(entry.bytes), tone: 'muted' }) },
  ];
}

export function datasetColumns(glyphs: Glyphs, chosen: string): readonly Column<DatasetEntry>[] {
  return [
    { title: '', width: 1, cell: (entry) => ({ text: entry.path === chosen ? glyphs.chosen : ' ', tone: 'accent' }) },
    { title: '', width: 12, grow: true, cell: (entry) => ({ text: clean(entry.name) }) },
    { title: '', width: 14, cell: (entry) => ({ text: entry.guess ?? '', tone: 'muted' }) },
    { title: '', width: 6, right: true, cell: (entry) => ({ text: entry.rows === null ? formatBytes(entry.bytes) : formatShort(entry.rows) }) },
  ];
}

/** Under a list: the filter or path being typed, else where the entry lies and why it cannot be used. */
export function listNote(list: ListState, entry: { readonly path: string; readonly reason?: string | null } | undefined, { width, glyphs }: Area): Line {
  if (list.typing) return line(['/', 'accent'], ...fieldLine(list.typing, width - 1));
  if (entry?.reason) return line([entry.reason, 'warn']);
  const filter = list.filter === '' ? '' : `/${list.filter}  `;
  return line([filter, 'accent'], [entry ? cutLeft(clean(entry.path), width - filter.length, glyphs.ellipsis) : '', 'muted']);
}

/** The knobs around the cursor under their group headings, and below them what the one under the cursor means. */
export function settingsLines(state: NewRunState, focused: boolean, area: Area): Line[] {
  const current = currentKnob(state);
  const rows = knobSections(state.knobs, state.draft).flatMap(({ title, knobs }): (Knob | string)[] => [title, ...knobs]);
  const note = noteLines(state, current, area);
  const height = Math.max(1, area.height - note.length);
  const cursor = rows.findIndex((row) => row === current);
  const start = windowStart(cursor, rows.length, height);
  const shown = rows.slice(start, start + height).map((row) => (typeof row === 'string' ? line({ text: row, tone: 'muted', bold: true }) : knobLine(row, state, { ...area, cursor: focused && row === current })));
  return [...shown, ...Array.from({ length: height - shown.length }, () => blank), ...note];
}

function knobLine(knob: Knob, state: NewRunState, { width, glyphs, cursor }: Area & { readonly cursor: boolean }): Line {
  const value = valueAt(state.draft, knob.key);
  const labelWidth = Math.min(28, Math.floor(width * 0.6));
  const label = fit(`  ${knob.label}`, labelWidth, { ellipsis: glyphs.ellipsis });
  if (cursor && state.editing) return line({ text: label, tone: 'accent' }, ' ', ...fieldLine(state.editing.field, width - labelWidth - 1));
  const changed = showValue(value) !== showValue(valueAt(state.defaults, knob.key));
  const shown = line(label, ' ', [clean(showValue(value)), changed ? 'accent' : 'plain'], [cursor && steps(knob) ? ` ${glyphs.left}${glyphs.right}` : '', 'muted']);
  return cursor ? reversed(fitLine(shown, width, glyphs.ellipsis)) : shown;
}

function steps(knob: Knob): boolean {
  return knob.kind === 'int' || knob.kind === 'float' || knob.kind === 'bool' || knob.kind === 'choice';
}

/** Two lines, so that the list above does not jump. */
function noteLines(state: NewRunState, knob: Knob | null, { width }: Area): Line[] {
  if (knob === null) return [];
  const error = state.editing?.key === knob.key ? state.editing.error : null;
  const help = `${knob.key}: ${knob.help}`;
  const choices = wrap(`${help} (${knob.choices.join(', ')})`, width);
  const text = error !== null ? wrap(`${knob.key} ${error}`, width) : knob.kind === 'choice' && choices.length <= 2 ? choices : wrap(help, width);
  const lines = text.slice(0, 2).map((part) => line([part, error === null ? 'muted' : 'bad']));
  return lines.length < 2 ? [blank, ...lines] : lines;
}

const parts: readonly { readonly key: MemoryTone & keyof MemoryParts; readonly label: string }[] = [
  { key: 'weights', label: 'weights' },
  { key: 'trainable', label: 'trainable' },
  { key: 'gradients', label: 'gradients' },
  { key: 'optimizer', label: 'optimizer' },
  { key: 'activations', label: 'activations' },
  { key: 'runtime', label: 'program' },
];

const basis: { readonly [B in Estimate['based_on']]: string } = {
  rows: ', longest rows',
  max_length: ', at max length', // until the data is tokenised
};

/** What the draft would cost: parameters, batch, updates, memory against what there is. */
export function costLines(estimate: Estimate, width: number, { glyphs }: Theme): Line[] {
  const { memory, memory_bytes, available_memory_bytes: available, fits } = estimate;
  const fact = (name: string, ...rest: Line): Line => line([fit(name, 12), 'muted'], ...rest);
  return [
    fact('trainable', { text: formatCount(estimate.trainable_parameters) }, { text: `  ${formatShare(estimate.trainable_parameters / estimate.total_parameters)}`, tone: 'accent' }),
    fact('parameters', { text: formatCount(estimate.total_parameters) }),
    fact('updates', { text: counted(estimate.steps) }),
    fact('  an epoch', { text: counted(estimate.steps_per_epoch) }),
    line([`an update${basis[estimate.based_on]}`, 'muted']),
    fact('  batch', { text: `${formatCount(estimate.effective_batch)} ${estimate.effective_batch === 1 ? 'row' : 'rows'}` }),
    fact('  tokens', { text: `up to ${formatCount(estimate.tokens_per_step)}` }),
    fact('  compute', { text: formatFlops(estimate.flops_per_step) }),
    blank,
    line(['memory  ', 'muted'], { text: formatBytes(memory_bytes), tone: fits ? 'plain' : 'bad' }, { text: ` of ${formatBytes(available)}`, tone: 'muted' }),
    stackedBar(parts.map(({ key }) => ({ amount: memory[key], glyph: glyphs.memory[key], tone: key })), available, { width, glyphs }),
    ...parts.filter(({ key }) => memory[key] > 0).map(({ key, label }) => line([glyphs.memory[key], key], ` ${fit(label, 12)}`, fit(formatBytes(memory[key]), 9, { right: true }))),
    ...(fits ? [] : [blank, ...wrap('It does not fit: lower the batch, max length or rank.', width).map((text) => line([text, 'bad']))]),
  ];
}

/** 1.1e9 → "1.10B", as model cards write it. */
function parameterText(count: number): string {
  return formatShort(count).replace('G', 'B');
}

function counted(count: number | null): string {
  return count === null ? '–' : formatCount(count);
}

/** Advice, each with a mark before it. */
export function warningLines(warnings: readonly string[], width: number, tone: Tone): Line[] {
  return warnings.flatMap((warning) => wrap(warning, width - 2).map((text, i) => line([i === 0 ? '! ' : '  ', tone], [text, tone])));
}
