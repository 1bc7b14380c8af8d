/** A line of the screen as data: spans of text with a meaning. */
import type { Tone } from '../theme.js';
import { cut, widthOf } from './text.js';

export interface Span {
  readonly text: string;
  readonly tone?: Tone;
  readonly bold?: boolean;
  /** Shown reversed: the row under the cursor. */
  readonly inverse?: boolean;
}

export type Line = readonly Span[];

export const blank: Line = [];

/** `line('loss ', ['1.23', 'train'])`: plain texts, and texts with a tone. */
export function line(...parts: readonly (string | readonly [text: string, tone: Tone] | Span)[]): Line {
  return parts.map((part) => (typeof part === 'string' ? { text: part } : 'text' in part ? part : { text: part[0], tone: part[1] }));
}

export function lineWidth(spans: Line): number {
  return spans.reduce((sum, span) => sum + widthOf(span.text), 0);
}

/** Exactly `width` columns: cut with `ellipsis`, or filled with spaces. */
export function fitLine(spans: Line, width: number, ellipsis = '…'): Line {
  const total = lineWidth(spans);
  if (total <= width) return total === width ? spans : [...spans, { text: ' '.repeat(width - total), inverse: spans.at(-1)?.inverse }];
  const kept: Span[] = [];
  let rest = width;
  for (const span of spans) {
    const wide = widthOf(span.text);
    if (wide >= rest) {
      kept.push({ ...span, text: cut(wide > rest ? span.text : `${span.text} `, rest, ellipsis) });
      break;
    }
    kept.push(span);
    rest -= wide;
  }
  return fitLine(kept, width, ellipsis);
}

/** Left and right on one line of `width` columns; the left one is cut when both do not fit. */
export function spread(left: Line, right: Line, width: number): Line {
  const room = Math.max(0, width - lineWidth(right));
  return fitLine([...fitLine(left, room), ...right], width);
}

/** The row under the cursor, reversed over its whole width. */
export function reversed(spans: Line): Line {
  return spans.map((span) => ({ ...span, inverse: true }));
}

export function textOf(spans: Line): string {
  return spans.map((span) => span.text).join('');
}
