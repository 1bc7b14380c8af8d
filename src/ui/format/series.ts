/** Metric points onto the columns of a chart. A gap is NaN. */

/** Points in ascending order of `steps`; a value that is not finite is a gap. */
export interface Series {
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

export const emptySeries: Series = { steps: [], values: [] };

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Exponential moving average without the bias to its start, as TensorBoard's: vᵢ = w·vᵢ₋₁ + (1−w)·xᵢ, shown as vᵢ / (1 − wⁱ). */
export function smooth(series: Series, weight: number): Series {
  if (weight === 0) return series;
  let average = 0;
  let bias = 1;
  const values = series.values.map((value) => {
    if (!Number.isFinite(value)) return value;
    average = weight * average + (1 - weight) * value;
    bias *= weight;
    return average / (1 - bias);
  });
  return { steps: series.steps, values };
}

/**
 * `columns` values over `range` of steps, evenly spaced. Where points are few they are joined by straight lines; where there
 * are more than columns each pair of columns shows the lowest and the highest of its points in their order, so that no
 * spike is lost. NaN before the first and after the last point and where a point itself is not finite.
 */
export function resample(series: Series, range: Range, columns: number): number[] {
  const first = lowerBound(series.steps, range.from);
  const count = lowerBound(series.steps, range.to + 1) - first;
  return count > columns ? decimate(series, range, columns) : interpolate(series, range, columns);
}

/** The columns that hold a point of the series. */
export function columnsOf(series: Series, range: Range, columns: number): number[] {
  const width = Math.max(range.to - range.from, Number.MIN_VALUE);
  const found = series.steps
    .filter((step, i) => step >= range.from && step <= range.to && Number.isFinite(series.values[i]))
    .map((step) => Math.round(((step - range.from) / width) * (columns - 1)));
  return [...new Set(found)];
}

function interpolate({ steps, values }: Series, { from, to }: Range, columns: number): number[] {
  const result = new Array<number>(columns).fill(Number.NaN);
  if (steps.length === 0) return result;
  const perColumn = columns > 1 ? (to - from) / (columns - 1) : 0;
  const half = perColumn / 2;
  for (let column = 0; column < columns; column++) {
    const at = from + column * perColumn;
    const after = lowerBound(steps, at);
    if (after < steps.length && steps[after] === at) result[column] = values[after];
    else if (after > 0 && after < steps.length) {
      const share = (at - steps[after - 1]) / (steps[after] - steps[after - 1]);
      result[column] = values[after - 1] + share * (values[after] - values[after - 1]);
    } else {
      const near = after === 0 ? 0 : steps.length - 1;
      if (Math.abs(steps[near] - at) <= half) result[column] = values[near];
    }
  }
  return result;
}

function decimate({ steps, values }: Series, { from, to }: Range, columns: number): number[] {
  const result = interpolate({ steps, values }, { from, to }, columns);
  const pairs = Math.ceil(columns / 2);
  const width = (to - from) / pairs;
  let start = lowerBound(steps, from);
  for (let pair = 0; pair < pairs; pair++) {
    const end = pair === pairs - 1 ? lowerBound(steps, to + 1) : lowerBound(steps, from + (pair + 1) * width);
    let low = -1;
    let high = -1;
    for (let i = start; i < end; i++) {
      if (!Number.isFinite(values[i])) continue;
      if (low < 0 || values[i] < values[low]) low = i;
      if (high < 0 || values[i] > values[high]) high = i;
    }
    if (end > start) {
      result[2 * pair] = low < 0 ? Number.NaN : values[Math.min(low, high)];
      if (2 * pair + 1 < columns) result[2 * pair + 1] = low < 0 ? Number.NaN : values[Math.max(low, high)];
    }
    start = end;
  }
  return result;
}

/** The first index whose step is at least `step`. */
function lowerBound(steps: readonly number[], step: number): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (steps[middle] < step) low = middle + 1;
    else high = middle;
  }
  return low;
}
