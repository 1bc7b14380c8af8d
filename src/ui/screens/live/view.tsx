import { Box } from 'ink';
import { memo, useMemo } from 'react';
import { line } from '../../format/line.js';
import type { Line } from '../../format/line.js';
import { wrap } from '../../format/text.js';
import type { RunData } from '../../run-data.js';
import { stateSpan } from '../../format/run.js';
import { LossChart } from '../../widgets/loss-chart.js';
import { Pane, frame } from '../../widgets/pane.js';
import { useTheme } from '../../widgets/theme-context.js';
import { newsLines, noCurve, nothingYet, pairWidth, progressLines } from './lines.js';
import { isLive, smoothings } from './state.js';
import type { LiveState } from './state.js';

export interface LiveViewProps {
  readonly state: LiveState;
  /** False until the store has been looked into. */
  readonly looked: boolean;
  readonly width: number;
  readonly height: number;
}

/** Rows of the chart that nothing below it may take. */
const smallestChart = 7;

/** The curve above; progress and what the run says below. */
export const LiveView = memo(function LiveView({ state, looked, width, height }: LiveViewProps) {
  const { glyphs } = useTheme();
  if (state.data === null) {
    const hint = !looked ? `Looking${glyphs.ellipsis}` : state.runId === null ? 'No run yet. Press 1 to start one.' : 'Reading the run.';
    return <Pane title={line('Live')} width={width} height={height} lines={[line([hint, 'muted'])]} />;
  }
  const { record, series } = state.data;
  const below = Math.min(Math.max(8, Math.floor(height * 0.3)), 14, height - smallestChart);
  const left = Math.max(pairWidth + frame.columns, Math.min(52, Math.floor(width / 2)));
  return (
    <Box flexDirection="column">
      <LossChart
        train={series.loss} evaluation={series.eval_loss} totalSteps={isLive(record) ? record.total_steps : null} smoothing={smoothings[state.smoothing]} logarithmic={state.logarithmic}
        width={width} height={height - below} waiting={noCurve(state.data)}
      />
      <Box>
        <ProgressPane data={state.data} width={left} height={below} />
        <NewsPane data={state.data} scroll={state.scroll} width={width - left} height={below} />
      </Box>
    </Box>
  );
});

interface DataPaneProps {
  readonly data: RunData;
  readonly width: number;
  readonly height: number;
}

const ProgressPane = memo(function ProgressPane({ data, width, height }: DataPaneProps) {
  const { glyphs } = useTheme();
  const { record } = data;
  const title: Line = line(stateSpan(record), ['  ', 'plain'], record.name);
  const engine: Line[] = record.engine === null ? [] : [line([record.engine, 'muted'])];
  return <Pane title={title} width={width} height={height} lines={[...progressLines(data, { width: width - frame.columns, glyphs }), ...engine]} />;
});

const NewsPane = memo(function NewsPane({ data, scroll, width, height }: DataPaneProps & { readonly scroll: number }) {
  const { newline } = useTheme().glyphs;
  const lines = useMemo(() => newsLines(data, width - frame.columns, newline), [data, width, newline]);
  const from = Math.max(0, Math.min(scroll, lines.length - (height - frame.rows)));
  const none = wrap(nothingYet(data.record), width - frame.columns).map((text) => line([text, 'muted']));
  return <Pane title={line('Samples and warnings')} width={width} height={height} lines={lines.length === 0 ? none : lines.slice(from)} />;
});
