/** Which panes are where. Pure arithmetic, so that what is seen at any size can be said without drawing it. */
import { frame } from '../../widgets/pane.js';
import { pairWidth } from './lines.js';
import type { LiveState, Pane } from './state.js';

export interface Slot {
  readonly pane: Pane | 'progress';
  /** The panes that share the place; the one alone where there is no other. */
  readonly among: readonly Pane[];
  /** With the frame. */
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  /** Side by side. */
  readonly top: readonly Slot[];
  /** One below the other, left of `right`. */
  readonly left: readonly Slot[];
  /** Side by side. */
  readonly right: readonly Slot[];
}

/** Rows of the chart that nothing below it may take. */
const smallestChart = 7;
/** From these sizes on the small curves have a column beside the chart, and the machine a place below the progress. */
const [wide, tall] = [110, 44];
const curvesWidth = 44;
const progressRows = 9;

export function layoutOf({ focus, tab, full }: Pick<LiveState, 'focus' | 'tab' | 'full'>, width: number, height: number): Layout {
  if (full) return { top: [{ pane: focus, among: [focus], width, height }], left: [], right: [] };
  const below = Math.min(Math.max(8, Math.floor(height * 0.36)), height >= tall ? 24 : 16, height - smallestChart);
  const above = height - below;
  const column = width >= wide && above >= 10;
  const stacked = height >= tall;
  const side = (['samples', 'events', 'curves', 'machine', 'log'] as const).filter((pane) => !(pane === 'curves' && column) && !(pane === 'machine' && stacked));
  const leftWidth = Math.max(pairWidth + frame.columns, Math.min(52, Math.floor(width / 3)));
  const places = width < wide ? 1 : width < 170 ? 2 : 3;
  const each = Math.floor((width - leftWidth) / places);
  const right = Array.from({ length: places }, (_, i): Slot => {
    const last = i === places - 1;
    const among = last ? side.slice(i) : [side[i]];
    return { pane: among.find((each) => each === tab) ?? among[0], among, width: last ? width - leftWidth - i * each : each, height: below };
  });
  return {
    top: column ? [slot('loss', width - curvesWidth, above), slot('curves', curvesWidth, above)] : [slot('loss', width, above)],
    left: stacked ? [slot('progress', leftWidth, progressRows), slot('machine', leftWidth, below - progressRows)] : [slot('progress', leftWidth, below)],
    right,
  };
}

function slot(pane: Slot['pane'], width: number, height: number): Slot {
  return { pane, among: pane === 'progress' ? [] : [pane], width, height };
}

/** Whether a pane can be seen. */
export function isShown(layout: Layout, pane: Pane): boolean {
  return slotOf(layout, pane) !== null;
}

export function slotOf({ top, left, right }: Layout, pane: Pane): Slot | null {
  return [...top, ...left, ...right].find((each) => each.pane === pane) ?? null;
}
