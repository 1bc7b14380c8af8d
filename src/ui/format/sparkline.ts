/** A curve one line high. */
import type { Glyphs } from '../theme.js';
import { boundsOf } from './axis.js';
import { extent, resample } from './series.js';
import type { Series } from './series.js';

/** At most `width` columns from the first to the last point; a gap is a space. Empty where there is no point. */
export function sparkline(series: Series, width: number, { spark }: Glyphs): string {
  const range = extent([series]);
  if (range === null || width < 1) return '';
  const values = resample(series, range, Math.min(width, Math.max(1, series.x.length)));
  const bounds = boundsOf(values, false);
  if (bounds === null) return '';
  const [low, high] = bounds;
  return values.map((value) => (Number.isFinite(value) ? spark[Math.round(((value - low) / (high - low)) * (spark.length - 1))] : ' ')).join('');
}
