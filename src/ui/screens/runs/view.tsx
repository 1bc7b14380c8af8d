import { Box } from 'ink';
import { memo } from 'react';
import type { Knob } from '../../../config/limits.js';
import type { RunRecord } from '../../../store/rows.js';
import { line, spread } from '../../format/line.js';
import type { Line } from '../../format/line.js';
import { wrap } from '../../format/text.js';
import { LossChart } from '../../widgets/loss-chart.js';
import { Lines } from '../../widgets/lines.js';
import { Pane, frame } from '../../widgets/pane.js';
import { windowStart } from '../../widgets/list.js';
import { tableLines } from '../../widgets/table.js';
import { useTheme } from '../../widgets/theme-context.js';
import type { Drawing } from '../../drawing.js';
import { fieldLine } from '../../widgets/field-line.js';
import { layOut } from './columns.js';
import { detailLines, summaryLines, tabLines } from './lines.js';
import { completionLines, markColumn, menuLines } from './over-table.js';
import { orderText, tableRows, tabs } from './state.js';
import type { Editing, Opened, RunsState } from './state.js';

export interface RunsViewProps {
  readonly state: RunsState;
  readonly runs: readonly RunRecord[];
  readonly knobs: readonly Knob[];
  /** How curves are drawn, the same as on the live screen. */
  readonly drawing: Drawing;
  readonly now: number;
  /** False until the store has been looked into. */
  readonly looked: boolean;
  readonly width: number;
  readonly height: number;
}

export const RunsView = memo(function RunsView(props: RunsViewProps) {
  return props.state.opened ? <OpenedRun {...props} opened={props.state.opened} /> : <RunsTable {...props} />;
});

/** Lines below the table for the run under the cursor. */
const detailHeight = (height: number): number => (height >= 36 ? 5 : height >= 20 ? 2 : 1);

function RunsTable({ state, runs, now, looked, width, height }: RunsViewProps) {
  const { glyphs } = useTheme();
  const { list, menu, editing, columns: chosen, sketches } = state;
  const { rows, depths, problem } = tableRows(runs, state);
  const details = detailHeight(height);
  const inside = { width: width - frame.columns, height: height - frame.rows - 1 - details };
  const start = windowStart(list.cursor, rows.length, inside.height - 1);
  const seen = rows.slice(start, start + inside.height - 1);
  const under = rows[list.cursor];
  const body =
    !looked ? [line([`Looking${glyphs.ellipsis}`, 'muted'])]
    : runs.length === 0 ? [line(['No runs yet. Press 1 to start one.', 'muted'])]
    : menu !== null ? menuLines(menu, state, { ...inside, glyphs })
    : problem !== null ? wrap(problem, inside.width).map((text) => line([text, 'bad']))
    : rows.length === 0 ? [line(['No run passes the filter. Esc clears it.', 'muted'])]
    : tableLines(rows, [markColumn(state, rows, glyphs), ...layOut(seen, { chosen, width: inside.width - 2, order: state, look: { now, sketches, depths, glyphs } })], { ...inside, cursor: list.cursor, focused: true, glyphs });
  const padding = Array.from({ length: Math.max(0, inside.height - body.length) }, () => line(''));
  const below = under === undefined || menu !== null || list.typing ? [] : detailLines(under, runs, { width: inside.width, height: details, now, arrow: glyphs.right });
  const hints = list.typing ? completionLines(list.typing, runs, details) : below;
  const rest = Array.from({ length: details - hints.length }, () => line(''));
  const marks = state.marked.length > 0 ? `  ${state.marked.length} marked` : '';
  const archived = runs.filter((run) => run.archived).length;
  const title = line('Runs', [`  ${runs.length - archived}`, 'muted'], [runs.length > 1 ? `  ${orderText(state)}` : '', 'muted'], [marks, 'accent'], [state.anchor === null ? '' : '  range: v ends it', 'accent'], [archived > 0 ? `  ${state.archived ? 'with ' : ''}${archived} archived` : '', 'muted']);
  return <Pane title={title} width={width} height={height} focused lines={[...body, ...padding, ...hints, ...rest, bottomLine(state, { width: inside.width, count: rows.length, typed: editing })]} />;
}

/** What is being typed, or else the filter; and where the cursor is. */
function bottomLine({ list, menu }: RunsState, { width, count, typed }: { readonly width: number; readonly count: number; readonly typed: Editing | null }): Line {
  const position = count > 0 ? `${list.cursor + 1}/${count}` : '';
  const filter = menu?.list ?? list;
  if (typed) return spread(line([`${typed.what}${typed.runIds.length > 1 ? ` of ${typed.runIds.length} runs` : ''}: `, 'accent'], ...fieldLine(typed.field, width - position.length - typed.what.length - 16)), line([position, 'muted']), width);
  const text: Line = filter.typing ? line(['/', 'accent'], ...fieldLine(filter.typing, width - position.length - 3)) : line([filter.filter === '' ? '' : `/${filter.filter}`, 'accent']);
  return spread(text, line([position, 'muted']), width);
}

function OpenedRun({ opened, state, knobs, drawing, now, width, height }: RunsViewProps & { readonly opened: Opened }) {
  const { glyphs } = useTheme();
  if (opened.data === null) return <Pane title={line('Run')} width={width} height={height} lines={[line(['Reading the run.', 'muted'])]} />;
  const { record, samples, warnings } = opened.data;
  const head: Line[] = [line('  ', { text: record.name, bold: true }), ...summaryLines(record, now, width - frame.columns).map((text) => line('  ', ...text))].slice(0, Math.max(2, height - 12));
  const upper = Math.max(7, Math.floor((height - head.length) * 0.5));
  const counts = { configuration: 0, samples: samples.length, checkpoints: record.checkpoints.length, warnings: warnings.length + (record.reason === null ? 0 : 1) };
  const title = tabs.flatMap((tab, i): Line => line(i > 0 ? '  ' : '', { text: tab, tone: tab === opened.tab ? 'accent' : 'muted', bold: tab === opened.tab }, [counts[tab] > 0 ? ` ${counts[tab]}` : '', 'muted']));
  const typed = state.editing ? [line([`  ${state.editing.what}: `, 'accent'], ...fieldLine(state.editing.field, width - state.editing.what.length - 6))] : [];
  const lower = height - head.length - upper - typed.length;
  const content = tabLines(opened.tab, opened.data, { width: width - frame.columns, knobs, newline: glyphs.newline });
  const from = Math.max(0, Math.min(opened.scroll, content.length - (lower - frame.rows)));
  return (
    <Box flexDirection="column">
      <Lines width={width} lines={head} />
      <LossChart data={opened.data} drawing={drawing} width={width} height={upper} waiting="This run logged no step." />
      <Pane title={title} width={width} height={lower} lines={content.slice(from)} />
      {typed.length > 0 && <Lines width={width} lines={typed} />}
    </Box>
  );
}
