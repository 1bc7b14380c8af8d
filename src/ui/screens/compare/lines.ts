/** The comparison as lines: results by run, and what was set differently. */
import type { RunRecord } from '../../../store/rows.js';
import { blank, line } from '../../format/line.js';
import type { Line, Span } from '../../format/line.js';
import { stateSpan } from '../../format/run.js';
import { clean, cutLeft, widthOf } from '../../format/text.js';
import type { Glyphs } from '../../theme.js';
import { tableLines } from '../../widgets/table.js';
import type { Column } from '../../widgets/table.js';
import { showValue } from '../new-run/knob.js';
import { markerOf, toneOf } from '../../format/curve-look.js';
import { againstBaseline, bestOf, results } from './model.js';
import type { Result } from './model.js';
import { configDifferences, settingCourse } from './settings.js';
import type { ConfigDifference } from './settings.js';
import type { CompareState } from './state.js';

export interface LinesOptions {
  readonly width: number;
  readonly height: number;
  readonly glyphs: Glyphs;
}

/** A row a run with its final and best values; of the best of each column the text is bold, and against a baseline each has its difference. */
export function resultLines(runs: readonly RunRecord[], { baseline: pinned, cursor, hidden }: CompareState, { width, height, glyphs }: LinesOptions): Line[] {
  const baseline = runs.find(({ id }) => id === pinned) ?? null;
  const nameWidth = Math.min(Math.max(8, ...runs.map(({ name }) => widthOf(clean(name)))), Math.max(12, Math.floor(width / 4)));
  const columns: Column<RunRecord>[] = [
    { title: '', width: 1, cell: (run) => markOf(run, runs, hidden, glyphs) },
    { title: 'run', width: nameWidth, grow: true, cell: ({ id, name }) => ({ text: clean(name), bold: id === pinned }) },
    { title: 'state', width: 9, cell: stateSpan },
  ];
  let room = width - columns.reduce((sum, column) => sum + column.width + 1, 0);
  for (const result of results) {
    if (runs.every((run) => result.value(run) === null)) continue;
    const column = resultColumn(result, runs, baseline);
    if (column.width + 1 > room) break;
    room -= column.width + 1;
    columns.push(column);
  }
  return tableLines(runs, columns, { width, height, cursor, focused: true, glyphs });
}

function resultColumn(result: Result, runs: readonly RunRecord[], baseline: RunRecord | null): Column<RunRecord> {
  const best = bestOf(result, runs);
  const value = (run: RunRecord): string => {
    const own = result.value(run);
    return own === null ? '-' : result.format(own);
  };
  const text = (run: RunRecord): string => {
    if (baseline === null || result.better === null) return value(run);
    return `${value(run)} ${(run.id === baseline.id ? 'base' : againstBaseline(result, run, baseline)).padStart(7)}`;
  };
  return {
    title: result.title, right: true, width: Math.max(widthOf(result.title), ...runs.map((run) => widthOf(text(run)))),
    cell: (run) => {
      const isBest = best !== null && result.value(run) === best;
      return { text: text(run), tone: isBest ? 'good' : 'plain', bold: isBest };
    },
  };
}

function markOf(run: RunRecord, runs: readonly RunRecord[], hidden: readonly string[], glyphs: Glyphs): Span {
  const index = runs.indexOf(run);
  return hidden.includes(run.id) ? { text: glyphs.dash, tone: 'muted' } : { text: markerOf(index, glyphs), tone: toneOf(index) };
}

function differencesOf(runs: readonly RunRecord[], curves: CompareState['curves']): ConfigDifference[] {
  return configDifferences(runs.map(({ id, config }) => ({ config, past: curves[id]?.curve })));
}

/** `  1–4 of 9`, of so many rows; empty where all are seen. */
export function differencesShown(runs: readonly RunRecord[], { scroll, curves }: Pick<CompareState, 'scroll' | 'curves'>, rows: number, { dash }: Pick<Glyphs, 'dash'>): string {
  const { length } = differencesOf(runs, curves);
  const from = Math.max(0, Math.min(scroll, length - rows));
  return length <= rows ? '' : `  ${from + 1}${dash}${from + rows} of ${length}`;
}

/** A row a key that differs, a column a run under its marker; values that differ from the baseline's stand out. */
export function differenceLines(runs: readonly RunRecord[], { baseline: pinned, scroll, curves }: CompareState, { width, height, glyphs }: LinesOptions): Line[] {
  const differences = differencesOf(runs, curves);
  if (differences.length === 0) return [line([runs.length < 2 ? '' : 'The configurations are the same.', 'muted'])];
  const keyWidth = Math.min(36, Math.max(...differences.map(({ key }) => key.length)));
  const base = runs.findIndex(({ id }) => id === pinned);
  const text = (row: ConfigDifference, i: number): string => clean(settingCourse(row, i, showValue, glyphs.right));
  const widths = columnWidths(runs.map((_, i) => Math.max(6, ...differences.map((row) => widthOf(text(row, i))))), width - keyWidth);
  // Paths differ at their ends, by which their files are called.
  const shown = (row: ConfigDifference, i: number): string => (row.changes[i].length === 0 && text(row, i).includes('/') ? cutLeft(text(row, i), widths[i], glyphs.ellipsis) : text(row, i));
  const stands = (row: ConfigDifference, i: number): boolean => text(row, i) !== text(row, Math.max(0, base));
  const columns: readonly Column<ConfigDifference>[] = [
    { title: 'key', width: keyWidth, cell: ({ key }) => ({ text: key, tone: 'muted' }) },
    ...runs.map((_, i): Column<ConfigDifference> => ({ title: `${markerOf(i, glyphs)}${i === base ? ' base' : ''}`, width: widths[i], cell: (row) => ({ text: shown(row, i), tone: stands(row, i) ? toneOf(i) : 'plain' }) })),
  ];
  const from = Math.max(0, Math.min(scroll, differences.length - (height - 1)));
  return tableLines(differences.slice(from), columns, { width, height, cursor: -1, focused: false, glyphs });
}

/** As wide as they wish, with a space before each; where that is more than the room, the widest give first, down to 6. */
function columnWidths(wished: readonly number[], room: number): number[] {
  const fits = (most: number): boolean => wished.reduce((sum, width) => sum + Math.min(width, most) + 1, 0) <= room;
  let most = Math.max(...wished);
  while (most > 6 && !fits(most)) most--;
  return wished.map((width) => Math.min(width, most));
}

export const noRuns: Line[] = [
  line(['Nothing is compared yet.', 'plain']),
  blank,
  line(['Mark two or more runs in the table of runs with Space,', 'muted']),
  line(['or a range with v; then c brings them here.', 'muted']),
];
