/** Bars of whole cells. */
import type { Line } from '../format/line.js';
import type { Glyphs, Tone } from '../theme.js';

export interface BarPart {
  readonly amount: number;
  readonly glyph: string;
  readonly tone: Tone;
}

/** Parts side by side against `total`, then empty cells: `width` cells in all. What is not nothing shows as a cell while there is room. */
export function stackedBar(parts: readonly BarPart[], total: number, { width, glyphs }: { readonly width: number; readonly glyphs: Glyphs }): Line {
  const scale = Math.max(total, parts.reduce((sum, { amount }) => sum + amount, 0));
  let used = 0;
  const drawn = parts.map(({ amount, glyph, tone }) => {
    const cells = amount > 0 && scale > 0 ? Math.min(width - used, Math.max(1, Math.round((amount / scale) * width))) : 0;
    used += cells;
    return { text: glyph.repeat(cells), tone };
  });
  return [...drawn, { text: glyphs.empty.repeat(width - used), tone: 'muted' }];
}

/** One part of `total`; full only when it is all of it. */
export function progressBar(done: number, total: number, { width, glyphs }: { readonly width: number; readonly glyphs: Glyphs }): Line {
  const cells = total > 0 ? Math.floor((Math.min(done, total) / total) * width) : 0;
  return [{ text: glyphs.full.repeat(cells), tone: 'accent' }, { text: glyphs.empty.repeat(width - cells), tone: 'muted' }];
}
