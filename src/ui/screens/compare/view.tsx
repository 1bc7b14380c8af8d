import { Box } from 'ink';
import { memo } from 'react';
import type { RunRecord } from '../../../store/rows.js';
import { line } from '../../format/line.js';
import { legend, plot } from '../../format/plot.js';
import { extent } from '../../format/series.js';
import { Pane, frame } from '../../widgets/pane.js';
import { useTheme } from '../../widgets/theme-context.js';
import { differenceLines, differencesShown, noRuns, resultLines } from './lines.js';
import { metricTitle, overlayOf } from './model.js';
import { comparedRuns } from './state.js';
import type { CompareState } from './state.js';

export interface CompareViewProps {
  readonly state: CompareState;
  readonly runs: readonly RunRecord[];
  readonly width: number;
  readonly height: number;
}

/** The curves above, the results and the differences below. */
export const CompareView = memo(function CompareView({ state, runs: all, width, height }: CompareViewProps) {
  const { glyphs } = useTheme();
  const runs = comparedRuns(state, all);
  if (runs.length === 0) return <Pane title={line('Compare')} width={width} height={height} focused lines={noRuns} />;
  const inside = width - frame.columns;
  const resultRows = Math.min(runs.length + 1, Math.max(3, Math.floor(height / 4)));
  const differenceRows = Math.max(2, Math.min(8, Math.floor(height / 4) - 2));
  const upper = height - resultRows - differenceRows - 2 * frame.rows;
  return (
    <Box flexDirection="column">
      <Overlay state={state} runs={runs} width={width} height={upper} />
      <Pane title={line('Results', [state.baseline === null ? '' : '  against the baseline', 'muted'])} width={width} height={resultRows + frame.rows} focused lines={resultLines(runs, state, { width: inside, height: resultRows, glyphs })} />
      <Pane title={line('Set differently', [differencesShown(runs, state, differenceRows - 1, glyphs), 'muted'])} width={width} height={differenceRows + frame.rows} lines={differenceLines(runs, state, { width: inside, height: differenceRows, glyphs })} />
    </Box>
  );
});

function Overlay({ state, runs, width, height }: Omit<CompareViewProps, 'runs'> & { readonly runs: readonly RunRecord[] }) {
  const { glyphs } = useTheme();
  const { metric, hidden, curves, drawing: { axis, style, logarithmic, smoothing } } = state;
  const read = runs.map(({ id }) => (hidden.includes(id) || curves[id]?.metric !== metric ? undefined : curves[id].curve));
  const drawn = overlayOf(runs, read, { axis, smoothing, glyphs });
  const range = extent(drawn.map(({ series }) => series));
  const area = { width: width - frame.columns, height: height - frame.rows - 1 };
  const lines = range === null ? null : plot(drawn, { ...area, range: range.from === range.to ? { from: range.from, to: range.from + 1 } : range, axis, style, logarithmic, glyphs });
  const title = line({ text: metricTitle(metric), bold: true }, [` by ${axis}`, 'muted'], [smoothing > 0 ? `  smoothed ${smoothing}` : '', 'muted'], [logarithmic ? '  log' : '', 'muted']);
  const body = lines === null ? [line([`None of these runs has logged ${metricTitle(metric)}.`, 'muted'])] : [...lines, legend(drawn, glyphs)];
  return <Pane title={title} width={width} height={height} lines={body} />;
}
