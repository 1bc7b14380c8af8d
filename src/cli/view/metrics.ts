/** Metric points as a table: a line a step, a column a key. */
import type { MetricPoint } from '../../store/rows.js';
import { formatNumber } from '../../util/format.js';
import type { Style } from '../terminal.js';
import { table } from './table.js';

/** The points of one step, by key; its time is that of the first of them. */
interface StepRow {
  readonly step: number;
  readonly time: string;
  readonly values: ReadonlyMap<string, number>;
}

/** The keys in their order, and a row a step in ascending order. */
export function stepRows(points: readonly MetricPoint[]): { readonly keys: readonly string[]; readonly rows: readonly StepRow[] } {
  const bySteps = new Map<number, StepRow & { readonly values: Map<string, number> }>();
  for (const { step, time, key, value } of points) {
    const row = bySteps.get(step) ?? { step, time, values: new Map<string, number>() };
    if (!bySteps.has(step)) bySteps.set(step, row);
    row.values.set(key, value);
  }
  return { keys: [...new Set(points.map(({ key }) => key))], rows: [...bySteps.values()].sort((a, b) => a.step - b.step) };
}

export function metricLines(points: readonly MetricPoint[], style: Style): string[] {
  const { keys, rows } = stepRows(points);
  const cell = (value: number | undefined) => (value === undefined ? '' : Number.isInteger(value) ? String(value) : formatNumber(value));
  return table(
    [
      { title: 'step', value: ({ step }: StepRow) => String(step), right: true },
      ...keys.map((key) => ({ title: key, value: ({ values }: StepRow) => cell(values.get(key)), right: true })),
    ],
    rows,
    { style },
  );
}
