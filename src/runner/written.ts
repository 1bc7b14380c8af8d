/** Which of its weights a run has written at its end. */
import { z } from 'zod';
import type { RunRecord, StoreReader } from '../store/rows.js';
import { scoreSchema, type Score } from '../trainer/best.js';

const endSchema = z.object({ best: scoreSchema });

/** The evaluation whose weights they are, where they are not the last ones; else null. */
export function writtenBest(reader: StoreReader, { id, state }: Pick<RunRecord, 'id' | 'state'>): Score | null {
  if (state !== 'completed' && state !== 'stopped') return null;
  return endSchema.safeParse(reader.history(id).findLast(({ type }) => type === state)?.details).data?.best ?? null;
}
