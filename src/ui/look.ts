/** Reads from the store what is shown of one run. */
import type { StoreReader } from '../store/rows.js';
import { addNews } from './run-data.js';
import type { RunData } from './run-data.js';

/** What is known, and what has come since. */
export function look(reader: StoreReader, runId: string, known: RunData | null): RunData {
  const cursor = known?.record.id === runId ? known.cursor : 0;
  const { points, cursor: next } = reader.metricsSince(runId, cursor);
  const record = reader.run(runId);
  return addNews(known, { record, points, cursor: next, samples: reader.samples(runId), warnings: reader.warnings(runId), ahead: record.state === 'queued' ? ahead(reader, runId) : null });
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
