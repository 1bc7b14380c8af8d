import { Box } from 'ink';
import { memo, useMemo } from 'react';
import type { Knob } from '../../../config/limits.js';
import type { RunRecord } from '../../../store/rows.js';
import { line, spread } from '../../format/line.js';
import type { Line } from '../../format/line.js';
import { wrap } from '../../format/text.js';
import { LossChart } from '../../widgets/loss-chart.js';
import { Lines } from '../../widgets/lines.js';
import { Pane, frame } from '../../widgets/pane.js';
import { tableLines } from '../../widgets/table.js';
import { useTheme } from '../../widgets/theme-context.js';
import type { Drawing } from '../../drawing.js';
import { fieldLine } from '../../widgets/field-line.js';
import { runColumns, summaryLines, tabLines } from './lines.js';
import { orderText, tableRows, tabs } from './state.js';
import type { Opened, RunsState } from './state.js';

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

function RunsTable({ state, runs, now, looked, width, height }: RunsViewProps) {
  const { glyphs } = useTheme();
  const { list, sort, reverse } = state;
  const { rows, problem } = useMemo(() => tableRows(runs, { list, sort, reverse }), [runs, list.filter, sort, reverse]);
  const inside = { width: width - frame.columns, height: height - frame.rows - 1 };
  const columns = useMemo(() => runColumns(rows, { width: inside.width, now, order: { sort, reverse }, glyphs }), [rows, inside.width, now, sort, reverse, glyphs]);
  const position = rows.length > 0 ? `${list.cursor + 1}/${rows.length}` : '';
  const filter: Line = list.typing ? line(['/', 'accent'], ...fieldLine(list.typing, inside.width - position.length - 3)) : line([list.filter === '' ? '' : `/${list.filter}`, 'accent']);
  const body =
    !looked ? [line([`Looking${glyphs.ellipsis}`, 'muted'])]
    : runs.length === 0 ? [line(['No runs yet. Press 1 to start one.', 'muted'])]
    : problem !== null ? wrap(problem, inside.width).map((text) => line([text, 'bad']))
    : rows.length === 0 ? [line(['No run passes the filter. Esc clears it.', 'muted'])]
    : tableLines(rows, columns, { ...inside, cursor: list.cursor, focused: true, glyphs });
  const padding = Array.from({ length: Math.max(0, inside.height - body.length) }, () => line(''));
  return <Pane title={line('Runs', [`  ${runs.length}`, 'muted'], [runs.length > 1 ? `  ${orderText(state)}` : '', 'muted'])} width={width} height={height} focused lines={[...body, ...padding, spread(filter, line([position, 'muted']), inside.width)]} />;
}

function OpenedRun({ opened, knobs, drawing, now, width, height }: RunsViewProps & { readonly opened: Opened }) {
  const { glyphs } = useTheme();
  if (opened.data === null) return <Pane title={line('Run')} width={width} height={height} lines={[line(['Reading the run.', 'muted'])]} />;
  const { record, samples, warnings } = opened.data;
  const head: Line[] = [line('  ', { text: record.name, bold: true }), ...summaryLines(record, now, width - frame.columns).map((text) => line('  ', ...text))].slice(0, Math.max(2, height - 12));
  const upper = Math.max(7, Math.floor((height - head.length) * 0.5));
  const counts = { configuration: 0, samples: samples.length, checkpoints: record.checkpoints.length, warnings: warnings.length + (record.reason === null ? 0 : 1) };
  const title = tabs.flatMap((tab, i): Line => line(i > 0 ? '  ' : '', { text: tab, tone: tab === opened.tab ? 'accent' : 'muted', bold: tab === opened.tab }, [counts[tab] > 0 ? ` ${counts[tab]}` : '', 'muted']));
  const lower = height - head.length - upper;
  const content = tabLines(opened.tab, opened.data, { width: width - frame.columns, knobs, newline: glyphs.newline });
  const from = Math.max(0, Math.min(opened.scroll, content.length - (lower - frame.rows)));
  return (
    <Box flexDirection="column">
      <Lines width={width} lines={head} />
      <LossChart data={opened.data} drawing={drawing} width={width} height={upper} waiting="This run logged no step." />
      <Pane title={title} width={width} height={lower} lines={content.slice(from)} />
    </Box>
  );
}
