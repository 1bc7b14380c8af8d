/** A part of a long run, read more finely than the whole is held. */
import type { StoreReader, Stretch } from '../../../store/rows.js';
import { enough, pointsFor } from '../../curve.js';
import type { Detail } from '../../curve.js';
import { windowRange } from '../../drawing.js';
import { stepsOf } from '../../run-data.js';
import type { LiveState } from './state.js';

/** Points read before whoever wants them may do something else. */
const piece = 4_000;

/** Stops here and there, to be told to go on. Null where the curves that are held are as fine as those in the store. */
export function* readingDetail(reader: StoreReader, { runId, data, drawing: { window } }: Pick<LiveState, 'runId' | 'data' | 'drawing'>): Generator<void, Detail | null, void> {
  if (runId === null || data === null || window === null) return null;
  const { from, to } = windowRange(window, stepsOf(data));
  const parts: [string, readonly Stretch[]][] = [];
  for (const key of ['loss', 'eval_loss']) {
    const held = data.curves[key]?.points ?? 1;
    const points = held === 1 ? 1 : pointsFor(reader.pointCount(runId, { key, after: from - 1, to }));
    if (points >= held) continue;
    const limit = Math.max(1, Math.floor(piece / points));
    const read: Stretch[] = [];
    for (let more = limit; more === limit && read.length < 2 * enough; ) {
      const found = reader.stretches(runId, { key, after: read.at(-1)?.last ?? from - 1, to, points, limit });
      read.push(...found);
      more = found.length;
      if (more === limit) yield;
    }
    parts.push([key, read]);
  }
  return parts.length === 0 ? null : Object.fromEntries(parts);
}
