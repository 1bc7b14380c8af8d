/** A part of a long run, read more finely than the whole is held. */
import type { StoreReader } from '../../../store/rows.js';
import { enough, pointsFor } from '../../curve.js';
import type { Detail } from '../../curve.js';
import { windowRange } from '../../drawing.js';
import { stepsOf } from '../../run-data.js';
import type { LiveState } from './state.js';

/** Null where the curves that are held are as fine as those in the store. */
export function readDetail(reader: StoreReader, { runId, data, drawing: { window } }: LiveState): Detail | null {
  if (runId === null || data === null || window === null) return null;
  const { from, to } = windowRange(window, stepsOf(data));
  const parts = ['loss', 'eval_loss'].flatMap((key) => {
    const within = { key, after: from - 1, to };
    const held = data.curves[key]?.points ?? 1;
    const points = held === 1 ? 1 : pointsFor(reader.pointCount(runId, within));
    return points < held ? [[key, reader.stretches(runId, { ...within, points, limit: 2 * enough })] as const] : [];
  });
  return parts.length === 0 ? null : Object.fromEntries(parts);
}
