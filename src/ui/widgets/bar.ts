/** Bars of whole cells. */
import type { Line } from '../format/line.js';
import type { Glyphs, Tone } from '../theme.js';

export interface BarPart {
  readonly amount: number;
  readonly glyph: string;
  readonly tone: Tone;
}

/**
 * Parts side by side against `total`, then empty cells: `width` cells in all. The filled length is true to the sum;
 * its cells go to the parts by largest remainder.
 */
export function stackedBar(parts: readonly BarPart[], total: number, { width, glyphs }: { readonly width: number; readonly glyphs: Glyphs }): Line {
  const sum = parts.reduce((amount, part) => amount + part.amount, 0);
  const filled = sum > 0 ? Math.max(1, Math.round((sum / Math.max(total, sum)) * width)) : 0;
  const exact = parts.map(({ amount }) => (sum > 0 ? (amount / sum) * filled : 0));
  const cells = exact.map(Math.floor);
  const spare = filled - cells.reduce((count, cell) => count + cell, 0);
  const largest = exact.map((share, i) => ({ i, rest: share - cells[i] })).sort((a, b) => b.rest - a.rest).slice(0, spare);
  for (const { i } of largest) cells[i]++;
  return [...parts.map(({ glyph, tone }, i) => ({ text: glyph.repeat(cells[i]), tone })), { text: glyphs.empty.repeat(width - filled), tone: 'muted' }];
}

/** One part of `total`; full only when it is all of it. */
export function progressBar(done: number, total: number, { width, glyphs }: { readonly width: number; readonly glyphs: Glyphs }): Line {
  const cells = total > 0 ? Math.floor((Math.min(done, total) / total) * width) : 0;
  return [{ text: glyphs.full.repeat(cells), tone: 'accent' }, { text: glyphs.empty.repeat(width - cells), tone: 'muted' }];
}
