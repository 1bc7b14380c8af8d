/** Metric points onto the columns of a chart. A gap is NaN. */

/** Points in ascending order of `x` (updates, tokens or seconds); a `y` that is not finite is a gap. */
export interface Series {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

export const emptySeries: Series = { x: [], y: [] };

export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * `columns` values over `range`, evenly spaced. Where points are few they are joined by straight lines; where a pair of
 * columns holds more than two it shows the lowest and the highest of them in their order, so that no spike is lost.
 * NaN before the first and after the last point and where a point itself is not finite.
 */
export function resample({ x, y }: Series, { from, to }: Range, columns: number): number[] {
  const result = interpolate({ x, y }, { from, to }, columns);
  const pairs = Math.ceil(columns / 2);
  const width = (to - from) / pairs;
  let start = lowerBound(x, from);
  for (let pair = 0; pair < pairs; pair++) {
    const end = pair === pairs - 1 ? upperBound(x, to) : lowerBound(x, from + (pair + 1) * width);
    const missing = result.slice(2 * pair, 2 * pair + 2).filter(Number.isNaN).length;
    if (end - start > 2 || (missing > 0 && end - start >= 3 - missing)) {
      const [first, second] = extremes(y, start, end);
      result[2 * pair] = first;
      if (2 * pair + 1 < columns) result[2 * pair + 1] = second;
    }
    start = end;
  }
  return result;
}

/** The lowest and the highest of a part, in their order; NaN where nothing in it is finite. */
function extremes(y: readonly number[], start: number, end: number): readonly [number, number] {
  let low = -1;
  let high = -1;
  for (let i = start; i < end; i++) {
    if (!Number.isFinite(y[i])) continue;
    if (low < 0 || y[i] < y[low]) low = i;
    if (high < 0 || y[i] > y[high]) high = i;
  }
  return low < 0 ? [Number.NaN, Number.NaN] : [y[Math.min(low, high)], y[Math.max(low, high)]];
}

/** The columns that hold a point of the series. */
export function columnsOf(series: Series, range: Range, columns: number): number[] {
  const width = Math.max(range.to - range.from, Number.MIN_VALUE);
  const found = new Set<number>();
  const end = upperBound(series.x, range.to);
  for (let i = lowerBound(series.x, range.from); i < end; i++) {
    if (Number.isFinite(series.y[i])) found.add(Math.round(((series.x[i] - range.from) / width) * (columns - 1)));
  }
  return [...found];
}

function interpolate({ x, y }: Series, { from, to }: Range, columns: number): number[] {
  const result = new Array<number>(columns).fill(Number.NaN);
  if (x.length === 0) return result;
  const perColumn = columns > 1 ? (to - from) / (columns - 1) : 0;
  const half = perColumn / 2;
  for (let column = 0; column < columns; column++) {
    const at = from + column * perColumn;
    const after = lowerBound(x, at);
    if (after < x.length && x[after] === at) result[column] = y[after];
    else if (after > 0 && after < x.length) {
      const share = (at - x[after - 1]) / (x[after] - x[after - 1]);
      result[column] = y[after - 1] + share * (y[after] - y[after - 1]);
    } else {
      const near = after === 0 ? 0 : x.length - 1;
      if (Math.abs(x[near] - at) <= half) result[column] = y[near];
    }
  }
  return result;
}

/** The first index whose value is at least `value`. */
export function lowerBound(x: readonly number[], value: number): number {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (x[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first index whose value is beyond `value`. */
function upperBound(x: readonly number[], value: number): number {
  let at = lowerBound(x, value);
  while (at < x.length && x[at] === value) at++;
  return at;
}

/** From the first to the last x of all of them; null where there is no point. */
export function extent(all: readonly Series[]): Range | null {
  const having = all.filter(({ x }) => x.length > 0);
  return having.length === 0 ? null : { from: Math.min(...having.map(({ x }) => x[0])), to: Math.max(...having.map(({ x }) => x.at(-1)!)) };
}
