import { memo } from 'react';
import { blank, fitLine, lineWidth } from '../format/line.js';
import type { Line } from '../format/line.js';
import type { Glyphs, Tone } from '../theme.js';
import { Lines } from './lines.js';
import { useTheme } from './theme-context.js';

export interface PaneProps {
  readonly title: Line;
  /** Inside the frame; what is too long is cut, what is missing stays empty. */
  readonly lines: readonly Line[];
  /** With the frame. */
  readonly width: number;
  readonly height: number;
  readonly focused?: boolean;
}

/** Columns and rows that a frame takes away. */
export const frame = { columns: 4, rows: 2 } as const;

/** A framed part of the screen with its title in the frame. */
export const Pane = memo(function Pane({ title, lines, width, height, focused = false }: PaneProps) {
  const { glyphs } = useTheme();
  return <Lines width={width} lines={framed({ title, lines, width, height, focused }, glyphs)} />;
});

/** Exactly `height` lines of `width` columns. */
export function framed({ title, lines, width, height, focused }: PaneProps, glyphs: Glyphs): Line[] {
  const tone: Tone = focused ? 'accent' : 'muted';
  const inside = width - frame.columns;
  const named = focused ? [{ text: `${glyphs.focus} `, tone }, ...title] : title;
  const label = fitLine(named, Math.min(lineWidth(named), inside - 1), glyphs.ellipsis).map((span) => ({ ...span, bold: span.bold || focused }));
  const rule = glyphs.horizontal.repeat(Math.max(0, width - 4 - lineWidth(label)));
  const body = Array.from({ length: Math.max(0, height - frame.rows) }, (_, row): Line => [
    { text: `${glyphs.vertical} `, tone },
    ...fitLine(lines[row] ?? blank, inside, glyphs.ellipsis),
    { text: ` ${glyphs.vertical}`, tone },
  ]);
  return [
    [{ text: `${glyphs.topLeft} `, tone }, ...label, { text: ` ${rule}${glyphs.topRight}`, tone }],
    ...body,
    [{ text: glyphs.bottomLeft + glyphs.horizontal.repeat(Math.max(0, width - 2)) + glyphs.bottomRight, tone }],
  ];
}
