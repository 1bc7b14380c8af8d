import { Box } from 'ink';
import { memo, useMemo } from 'react';
import { line } from '../../format/line.js';
import type { Line } from '../../format/line.js';
import { stateSpan } from '../../format/run.js';
import { clean, wrap } from '../../format/text.js';
import type { RunData } from '../../run-data.js';
import { LossChart } from '../../widgets/loss-chart.js';
import { Pane, frame } from '../../widgets/pane.js';
import { useTheme } from '../../widgets/theme-context.js';
import { layoutOf } from './layout.js';
import type { Slot } from './layout.js';
import { noCurve, nothingYet, progressLines } from './lines.js';
import { scrolled, sideLines } from './scroll.js';
import type { LiveState, Pane as PaneName } from './state.js';

export interface LiveViewProps {
  readonly state: LiveState;
  /** False until the store has been looked into. */
  readonly looked: boolean;
  readonly width: number;
  readonly height: number;
}

/** The curve above; progress and what the run says below, as the room allows. */
export const LiveView = memo(function LiveView({ state, looked, width, height }: LiveViewProps) {
  const { glyphs } = useTheme();
  const { data } = state;
  if (data === null) {
    const hint = !looked ? `Looking${glyphs.ellipsis}` : state.runId === null ? 'No run yet. Press 1 to start one.' : 'Reading the run.';
    return <Pane title={line('Live')} width={width} height={height} lines={[line([hint, 'muted'])]} />;
  }
  const { top, left, right } = layoutOf(state, width, height);
  const shown = (slot: Slot) => <Placed key={slot.pane} slot={slot} state={state} data={data} />;
  return (
    <Box flexDirection="column">
      <Box>{top.map(shown)}</Box>
      <Box>
        <Box flexDirection="column">{left.map(shown)}</Box>
        {right.map(shown)}
      </Box>
    </Box>
  );
});

interface PlacedProps {
  readonly slot: Slot;
  readonly state: LiveState;
  readonly data: RunData;
}

function Placed({ slot, state, data }: PlacedProps) {
  const { pane, width, height } = slot;
  switch (pane) {
    case 'loss':
      return <LossChart data={data} drawing={state.drawing} detail={state.detail} width={width} height={height} focused={state.focus === 'loss'} waiting={noCurve(data)} />;
    case 'progress':
      return <ProgressPane data={data} width={width} height={height} />;
    default:
      return <SidePane slot={slot} pane={pane} state={state} data={data} />;
  }
}

const ProgressPane = memo(function ProgressPane({ data, width, height }: { readonly data: RunData; readonly width: number; readonly height: number }) {
  const { glyphs } = useTheme();
  const { record } = data;
  const title: Line = line(stateSpan(record), ['  ', 'plain'], clean(record.name));
  const engine: Line[] = record.engine === null ? [] : [line([record.engine, 'muted'])];
  return <Pane title={title} width={width} height={height} lines={[...progressLines(data, { width: width - frame.columns, glyphs }), ...engine]} />;
});

const titles: { readonly [P in PaneName]: string } = { loss: 'Loss', samples: 'Samples', events: 'Events', curves: 'Curves', machine: 'Load', log: 'Log' };

function SidePane({ slot, pane, state, data }: PlacedProps & { readonly pane: Exclude<PaneName, 'loss'> }) {
  const { glyphs } = useTheme();
  const area = { width: slot.width - frame.columns, height: slot.height - frame.rows, glyphs };
  const { drawing, machine, log } = state;
  const lines = useMemo(() => sideLines(pane, state, area), [pane, data, drawing, machine, log, slot.width, slot.height, glyphs]);
  const hidden = Math.max(0, lines.length - area.height);
  const scroll = scrolled(state) === pane ? Math.min(state.scroll, hidden) : 0;
  const from = pane === 'log' ? hidden - scroll : scroll;
  const none = pane === 'samples' ? nothingYet(data.record) : pane === 'log' ? 'Nothing is in the log yet.' : 'Nothing has happened yet.';
  // Two columns between the names where there is room for them and for the sign of the focus.
  const gap = slot.among.map((each) => titles[each]).join('  ').length + 3 <= area.width ? '  ' : ' ';
  const title = slot.among.flatMap((each, i): Line => line(i > 0 ? gap : '', slot.among.length === 1 ? titles[each] : { text: titles[each], tone: each === pane ? 'accent' : 'muted', bold: each === pane }));
  return <Pane title={title} width={slot.width} height={slot.height} focused={state.focus === pane} lines={lines.length === 0 ? wrap(none, area.width).map((text) => line([text, 'muted'])) : lines.slice(from)} />;
}
