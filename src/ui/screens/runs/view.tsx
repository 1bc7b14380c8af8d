import { Box } from 'ink';
import { memo, useMemo } from 'react';
import type { Knob } from '../../../config/limits.js';
import type { RunRecord } from '../../../store/rows.js';
import { line, spread } from '../../format/line.js';
import type { Line } from '../../format/line.js';
import { LossChart } from '../../widgets/loss-chart.js';
import { Lines } from '../../widgets/lines.js';
import { Pane, frame } from '../../widgets/pane.js';
import { tableLines } from '../../widgets/table.js';
import { useTheme } from '../../widgets/theme-context.js';
import { isLive, smoothings } from '../live/state.js';
import type { LiveState } from '../live/state.js';
import { fieldLine } from '../new-run/lines.js';
import { runColumns, summaryLine, tabLines } from './lines.js';
import { tabs, visibleRuns } from './state.js';
import type { Opened, RunsState } from './state.js';

export interface RunsViewProps {
  readonly state: RunsState;
  readonly runs: readonly RunRecord[];
  readonly knobs: readonly Knob[];
  /** How curves are drawn, the same as on the live screen. */
  readonly drawing: Pick<LiveState, 'smoothing' | 'logarithmic'>;
  readonly now: number;
  readonly width: number;
  readonly height: number;
}

export const RunsView = memo(function RunsView(props: RunsViewProps) {
  return props.state.opened ? <OpenedRun {...props} opened={props.state.opened} /> : <RunsTable {...props} />;
});

function RunsTable({ state, runs, now, width, height }: RunsViewProps) {
  const { glyphs } = useTheme();
  const { list, sort } = state;
  const rows = useMemo(() => visibleRuns(runs, { list, sort }), [runs, list.filter, sort]);
  const inside = { width: width - frame.columns, height: height - frame.rows - 1 };
  const position = rows.length > 0 ? `${list.cursor + 1}/${rows.length}` : '';
  const filter: Line = list.typing ? line(['/', 'accent'], ...fieldLine(list.typing, inside.width - position.length - 3)) : line([list.filter === '' ? '' : `/${list.filter}`, 'accent']);
  const body =
    runs.length === 0 ? [line(['No runs yet. Press 1 to start one.', 'muted'])]
    : rows.length === 0 ? [line(['No run passes the filter. Esc clears it.', 'muted'])]
    : tableLines(rows, runColumns(inside.width, now, sort, glyphs.down), { ...inside, cursor: list.cursor, focused: true, glyphs });
  const padding = Array.from({ length: Math.max(0, inside.height - body.length) }, () => line(''));
  return <Pane title={line('Runs', [`  ${runs.length}`, 'muted'], [runs.length > 1 ? `  by ${sort}` : '', 'muted'])} width={width} height={height} focused lines={[...body, ...padding, spread(filter, line([position, 'muted']), inside.width)]} />;
}

function OpenedRun({ opened, knobs, drawing, now, width, height }: RunsViewProps & { readonly opened: Opened }) {
  const { glyphs } = useTheme();
  if (opened.data === null) return <Pane title={line('Run')} width={width} height={height} lines={[line(['Reading the run.', 'muted'])]} />;
  const { record, series, samples, warnings } = opened.data;
  const upper = Math.max(7, Math.floor((height - 2) * 0.5));
  const counts = { configuration: 0, samples: samples.length, checkpoints: record.checkpoints.length, warnings: warnings.length };
  const title = tabs.flatMap((tab, i): Line => line(i > 0 ? '  ' : '', { text: tab, tone: tab === opened.tab ? 'accent' : 'muted', bold: tab === opened.tab }, [counts[tab] > 0 ? ` ${counts[tab]}` : '', 'muted']));
  const lower = height - 2 - upper;
  const content = tabLines(opened.tab, opened.data, { width: width - frame.columns, knobs, newline: glyphs.newline });
  const from = Math.max(0, Math.min(opened.scroll, content.length - (lower - frame.rows)));
  return (
    <Box flexDirection="column">
      <Lines width={width} lines={[line('  ', { text: record.name, bold: true }), line('  ', ...summaryLine(record, now))]} />
      <LossChart train={series.loss} evaluation={series.eval_loss} totalSteps={isLive(record) ? record.total_steps : null} smoothing={smoothings[drawing.smoothing]} logarithmic={drawing.logarithmic} width={width} height={upper} waiting="This run logged no step." />
      <Pane title={title} width={width} height={lower} lines={content.slice(from)} />
    </Box>
  );
}
