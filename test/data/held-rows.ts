import type { EncodedRows } from '../../src/data/rows.js';
import { HeldTokens, kept, labelsAmong } from '../../src/data/codes.js';
import { StoredRows } from '../../src/data/stored-rows.js';
import { WeightList } from '../../src/data/weights.js';

/** Rows in memory: the ids of each, from which of them on, or which of them, are learned, and what each weighs. */
export function heldRows(rows: readonly { readonly ids: readonly number[]; readonly learned: number | readonly boolean[]; readonly weights?: readonly number[] }[]): EncodedRows {
  const list = new WeightList();
  for (const { ids, weights } of rows) for (const [t] of ids.entries()) list.add(1, weights?.[t] ?? 1);
  const weights = list.take();
  const codes = rows.map(({ ids, learned }) => Int32Array.from(ids, (id, t) => kept(id, typeof learned === 'number' ? t >= learned : learned[t])));
  const counts = Uint32Array.from(codes, ({ length }) => length);
  const starts = Float64Array.from([...codes, null], (_, row) => counts.subarray(0, row).reduce((sum, count) => sum + count, 0));
  const windows = { length: rows.length, starts, counts, heads: counts, gaps: new Uint32Array(rows.length), fullLengths: counts, labelCounts: Uint32Array.from(codes, labelsAmong) };
  return new StoredRows(new HeldTokens(Int32Array.from(codes.flatMap((row) => [...row]))), windows, { starts, fileOf: new Uint32Array(rows.length), lineOf: Uint32Array.from(rows, (_, row) => row + 1), files: ['held'], weights });
}
