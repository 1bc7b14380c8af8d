/** Reads from the store what is shown of one run. */
import type { StoreReader } from '../store/rows.js';
import { readOn } from './curve.js';
import type { Curve } from './curve.js';
import { addNews } from './run-data.js';
import type { RunData } from './run-data.js';

/** The curves that are shown, in the order they are read. */
export const shownKeys = ['loss', 'eval_loss', 'grad_norm', 'learning_rate', 'tokens_per_second', 'memory_bytes', 'tokens_seen'] as const;
export type ShownKey = (typeof shownKeys)[number];

/** Points read in one look: some twenty milliseconds, in which no key is heard. What is more comes with the next looks. */
const budget = 25_000;

/** What is known, and what has come since. */
export function look(reader: StoreReader, runId: string, known: RunData | null): RunData {
  const before = known?.record.id === runId ? known : null;
  const record = reader.run(runId);
  const { rows, cursor } = reader.historySince(runId, before?.cursor ?? 0);
  const { curves, complete } = readCurves(reader, runId, before?.curves ?? {});
  return addNews(before, { record, curves, complete, happened: rows, cursor, ahead: record.state === 'queued' ? ahead(reader, runId) : null });
}

function readCurves(reader: StoreReader, runId: string, known: Readonly<Record<string, Curve>>): Pick<RunData, 'curves' | 'complete'> {
  const curves: Record<string, Curve> = { ...known };
  let left = budget;
  for (const key of shownKeys) {
    const before = pointsOf(curves[key]);
    const { curve, complete } = readOn(curves[key] ?? null, { reader, runId, key }, left);
    curves[key] = curve;
    left -= Math.max(0, pointsOf(curve) - before);
    if (!complete || left <= 0) return { curves, complete: false };
  }
  return { curves, complete: true };
}

function pointsOf(curve: Curve | undefined): number {
  return curve ? curve.points * curve.stretches.length : 0;
}

/** Names of the runs that have the places, then of those before it in the queue; null where it waits for no turn. */
function ahead(reader: StoreReader, runId: string): readonly string[] | null {
  const queue = reader.queue();
  const place = queue.indexOf(runId);
  if (place < 0) return null;
  const running = reader.live().map(({ id }) => id);
  const before = running.length >= reader.parallel() ? [...running, ...queue.slice(0, place)] : queue.slice(0, place);
  return before.map((id) => reader.run(id).name);
}
