/** What stands beside and below a chart. */
import { formatCount, formatDuration, formatShort } from '../../util/format.js';
import type { Line } from './line.js';
import type { Range } from './series.js';

/** What the points are laid out by: updates, tokens seen, or seconds since the start. */
export const xAxes = ['step', 'tokens', 'time'] as const;
export type XAxis = (typeof xAxes)[number];

const formats: { readonly [A in XAxis]: (x: number) => string } = {
  step: (x) => formatCount(Math.round(x)),
  tokens: (x) => formatShort(Math.round(x)),
  time: (x) => (x < 1 ? '0s' : formatDuration(x)),
};

export function formatX(axis: XAxis, x: number): string {
  return formats[axis](x);
}

/** Columns between two labels of the x axis, about. */
const labelDistance = 15;

/** Labels at even distances, the first and the last at the ends; none twice, none into another. */
export function xLabels({ from, to }: Range, axis: XAxis, columns: number): string {
  const last = formatX(axis, to);
  let text = formatX(axis, from);
  let before = text;
  const count = Math.max(1, Math.floor(columns / labelDistance));
  for (let i = 1; i < count; i++) {
    const label = formatX(axis, from + (i / count) * (to - from));
    const at = Math.round((i / count) * (columns - 1)) - Math.floor(label.length / 2);
    if (label === before || label === last || at < text.length + 2 || at + label.length + 2 > columns - last.length) continue;
    text = text.padEnd(at) + label;
    before = label;
  }
  return before === last ? text : text + last.padStart(Math.max(last.length + 1, columns - text.length));
}

/** Columns of a label of the y axis. */
export const yLabelWidth = 9;

/** As many decimals on every label as tell two neighbouring rows apart. */
export function yLabeller([low, high]: Bounds, rows: number): (value: number) => string {
  const decimals = Math.max(0, Math.ceil(-Math.log10((high - low) / Math.max(1, rows - 1))));
  const exponent = decimals > 6 || Math.max(Math.abs(low), Math.abs(high)) >= 1e6;
  return (value) => `${exponent ? value.toExponential(2) : value.toFixed(decimals)} `.padStart(yLabelWidth).slice(-yLabelWidth);
}

export type Bounds = readonly [low: number, high: number];

/** Lowest and highest of the values that the scale can show; a constant gets room on both sides. Null where there is none. */
export function boundsOf(values: readonly number[], logarithmic: boolean): Bounds | null {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value) || (logarithmic && value <= 0)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return null;
  const room = Math.abs(low) * 0.05 || 1;
  return low === high ? [low - room, high + room] : [low, high];
}

export interface Scale {
  /** Into [0, 1]; NaN where a logarithm cannot show it. */
  toUnit(value: number): number;
  fromUnit(share: number): number;
}

export function scaleFor([low, high]: Bounds, logarithmic: boolean): Scale {
  if (logarithmic) {
    const [from, to] = [Math.log(low), Math.log(high)];
    return { toUnit: (value) => (value > 0 ? (Math.log(value) - from) / (to - from) : Number.NaN), fromUnit: (share) => Math.exp(from + share * (to - from)) };
  }
  return { toUnit: (value) => (value - low) / (high - low), fromUnit: (share) => low + share * (high - low) };
}

/** A mark below the chart: something that happened at `x`. */
export interface XMark {
  readonly x: number;
  readonly glyph: string;
  readonly tone: NonNullable<Line[number]['tone']>;
}
