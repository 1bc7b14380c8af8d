/** Metric points as a table: a line a step, a column a key. */
import type { MetricPoint } from '../../store/rows.js';
import { formatNumber } from '../../util/format.js';
import type { Style } from '../terminal.js';
import { table } from './table.js';

export function metricLines(points: readonly MetricPoint[], style: Style): string[] {
  const keys = [...new Set(points.map(({ key }) => key))];
  const bySteps = new Map<number, Map<string, number>>();
  for (const { step, key, value } of points) {
    const values = bySteps.get(step) ?? new Map<string, number>();
    bySteps.set(step, values.set(key, value));
  }
  const rows = [...bySteps].sort(([a], [b]) => a - b);
  const cell = (value: number | undefined) => (value === undefined ? '' : Number.isInteger(value) ? String(value) : formatNumber(value));
  return table(
    [
      { title: 'step', value: ([step]: (typeof rows)[number]) => String(step), right: true },
      ...keys.map((key) => ({ title: key, value: ([, values]: (typeof rows)[number]) => cell(values.get(key)), right: true })),
    ],
    rows,
    { style },
  );
}
