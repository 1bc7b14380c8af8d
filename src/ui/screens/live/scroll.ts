/** What scrolling moves, and how far. */
import type { Line } from '../../format/line.js';
import { makeTheme } from '../../theme.js';
import type { Glyphs } from '../../theme.js';
import { frame } from '../../widgets/pane.js';
import type { Size } from '../../state.js';
import { layoutOf, slotOf } from './layout.js';
import { newsLines } from './lines.js';
import { curveLines, eventLines, logLines, machineLines } from './panes.js';
import type { LiveState, Pane } from './state.js';

/** The pane that scrolls: the focused one, or the side pane last used while the chart has the focus. */
export function scrolled({ focus, tab }: Pick<LiveState, 'focus' | 'tab'>): Pane {
  return focus === 'loss' ? tab : focus;
}

/** All lines of a side pane; the small curves are made for the height. */
export function sideLines(pane: Exclude<Pane, 'loss'>, live: LiveState, { width, height, glyphs }: { readonly width: number; readonly height: number; readonly glyphs: Glyphs }): Line[] {
  const { data, drawing, machine, log } = live;
  if (data === null) return [];
  switch (pane) {
    case 'samples':
      return newsLines(data, width, glyphs.newline);
    case 'events':
      return eventLines(data, { width });
    case 'curves':
      return curveLines(data, drawing, { width, height, glyphs });
    case 'machine':
      return machineLines(machine, { width, glyphs });
    case 'log':
      return logLines(log, data, width);
  }
}

/** Rows of the scrolled pane that do not fit. The glyphs do not change their number. */
export function scrollLimit({ live, size }: { readonly live: LiveState; readonly size: Size }): number {
  const pane = scrolled(live);
  const slot = slotOf(layoutOf(live, size.columns, size.rows - chrome), pane);
  if (pane === 'loss' || slot === null) return 0;
  const area = { width: slot.width - frame.columns, height: slot.height - frame.rows };
  return Math.max(0, sideLines(pane, live, { ...area, glyphs: plainGlyphs }).length - area.height);
}

/** Rows of the header and the footer. */
const chrome = 2;
const plainGlyphs: Glyphs = makeTheme({ color: false, unicode: false }).glyphs;
